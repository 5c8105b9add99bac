"""A phrase to groups: names of packages, and the versions said of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from secpack.extract.packages.facts import read_fact
from secpack.extract.packages.groups import Group
from secpack.extract.packages.places import target_names, without_preposition
from secpack.extract.packages.releases import release_numbers
from secpack.extract.packages.tokens import ENDS, FACTS, VERSIONS, Token, tokens
from secpack.extract.packages.versions import bare_version, split_name
from secpack.extract.packages.vocabulary import FILLERS, STOPS, can_be_name
from secpack.model.archive import Fix

_MOST_WORDS: Final = 4  # of a name


class Phrase:
    """Gathers tokens into groups. ``unread`` tells that some words have no place in a row."""

    def __init__(self, text: str, product: str, *, strict: bool) -> None:
        self.text, self.product, self.strict = text, product, strict
        found = tuple(tokens(text, product))
        self.groups = [Group()]
        self.words: list[str] = []
        self.unread = self.stopped = False
        self.places: tuple[str, ...] = ()  # those in front of a colon
        kinds = [token.kind for token in _opened(found, product)]
        firsts = [n for n, kind in enumerate(kinds) if kind in ("release", *ENDS)]
        # "For 3.2 version 1, for 4.0 version 2", or "version 1 for 3.2 and version 2 for 4.0"
        self.release_first = bool(firsts) and kinds[firsts[0]] == "release"
        for position, token in enumerate(found):
            following = found[position + 1] if position + 1 < len(found) else None
            if self._stops(token, following):
                break
            self._take(token, following.kind if following else "")
        self._end_name()

    @property
    def group(self) -> Group:
        """The one that tokens go to."""
        return self.groups[-1]

    def _stops(self, token: Token, following: Token | None) -> bool:
        """Whether the phrase goes on about something else from here; that is the note."""
        if not self.strict or not any(group.versions for group in self.groups):
            return False
        ends = token.value in STOPS or (token.kind == "separator" and token.value in ".!?")
        self.stopped |= ends and following is not None
        if ends and following:
            start = token.at if token.kind == "word" else following.at
            self.group.notes.append(" ".join(self.text[start:].split()).rstrip("."))
        return ends

    def _take(self, token: Token, following: str = "") -> None:
        match token.kind:
            case "word":
                self._word(token, following)
            case "separator" | "joint" if not (self.strict or following == "keyword"):
                self._end_name(sure=False)
            case "separator" | "packages" | "keyword" | "joint" | "other":
                self._end_name()
                if token.value == ":":
                    self._label()
            case "version" | "file" | "same" | "none" | "unaffected":
                self._end_name()
                self._version(token)
            case "release":
                self._end_name(sure=False)
                self._release(release_numbers(token.value), token.at)
            case "target" | "place":
                self._end_name(sure=False)
                self._target(token)
            case "paren":
                self._end_name()
                self._paren(token)
            case "respectively":
                self.group.paired = True
            case "later":
                self._end_name()
            case _:
                self.unread = True

    def _word(self, token: Token, following: str) -> None:
        word = token.value
        if word.lower() in FILLERS or (not self.strict and word.lower() in STOPS):
            if self.strict or following == "keyword":  # "xen to version 4.1"
                self._end_name()
            self.unread |= word == "to" and bool(self.group.versions)  # "4.1.1 to 4.1.2"
            self.words.clear()
            return
        if not self.words and self.group.versions and self.group.names:
            self._next(names=[])
        if not self.strict and self.words and not self.words[0][0].isupper():
            self.words.clear()
        if self.group.at < 0:
            self.group.at = token.at
        self.words.append(word)

    def _end_name(self, *, sure: bool = True) -> None:
        """Take the words so far as a name; in running text only if it is ``sure`` that they are.

        There a name stands right in front of ``packages`` or a version, or it looks like one.
        """
        words, self.words = self.words if self.strict else self.words[-2:], []
        if not words or not (self.strict or sure or self._is_awaited(words)):
            return
        if len(words) > _MOST_WORDS or not all(can_be_name(word) for word in words):
            self.unread = True
            return
        if not self.strict and not self.group.versions:
            self.group.names.clear()
        if self.group.label and not self.group.versions:  # "hearth: xen packages, version 4.1"
            self.group.names.remove(self.group.label)
            self.group.targets = self.places = (self.group.label,)
            self.group.label = ""
        self.group.names.append(" ".join(words))

    def _is_awaited(self, words: Sequence[str]) -> bool:
        if self.group.names:
            return False
        return not self.group.versions or (len(words) == 1 and "-" in words[0])

    def _label(self) -> None:
        """What stands before a colon: places for all that follows, or perhaps a name."""
        group = self.group
        if group.versions or len(self.groups) > 1 or not self.strict:
            return
        if group.targets and not group.names:
            self.places = group.targets
        elif len(group.names) == 1 and group.names[0].islower():
            group.label = group.names[0]

    def _next(self, *, names: list[str]) -> None:
        """Begin another group; releases and places that stand in front hold for it, too."""
        before = self.group
        releases = before.releases if self.release_first else ()
        self.groups.append(Group(names=names, releases=releases, targets=self.places))

    def _version(self, token: Token) -> None:
        value, fix = token.value, Fix.AVAILABLE
        if token.kind in ("none", "unaffected"):
            value, fix = "", Fix.NONE if token.kind == "none" else Fix.NOT_AFFECTED
        if token.kind == "file":
            name, value = split_name(token.value) or ("", "")
            if self.group.versions:
                self._next(names=[])
            self.group.names = [name]
        elif self.group.versions and (self.group.fix is not fix or self._closed()):
            self._next(names=list(self.group.names))
        if token.kind == "same":
            value = next((g.versions[-1] for g in reversed(self.groups) if g.versions), "")
            if not value:
                self.unread = True
                return
        self.group.fix = fix
        self.group.versions.append(bare_version(value))
        if self.group.at < 0:
            self.group.at = token.at

    def _closed(self) -> bool:
        """Whether a release or a note behind its versions ends the group."""
        return bool(self.group.notes or (self.group.releases and not self.release_first))

    def _release(self, releases: tuple[str, ...], at: int) -> None:
        if self.group.versions and self.release_first:
            self._next(names=list(self.group.names))
            self.group.at = at
        self.group.releases = releases

    def _target(self, token: Token) -> None:
        self.group.targets = target_names(without_preposition(token.value))

    def _paren(self, token: Token) -> None:
        """What stands in brackets: a release, a place, a version, names with theirs, or a note."""
        inner = tuple(tokens(token.value[1:-1], self.product))
        kinds = {t.kind for t in inner} - {"separator"}
        words = [t for t in inner if t.kind in ("word", "packages") and t.value not in FILLERS]
        if not kinds & {"release", "target", *ENDS} or (kinds & FACTS and self.group.versions):
            self._note(" ".join(token.value[1:-1].split()))
        elif "release" in kinds and kinds & ENDS and self.group.versions:
            self._aside(token)
        elif kinds & FACTS and not read_fact(token.value[1:-1], self.product):
            self.unread = True
        elif kinds & VERSIONS and self.group.versions:
            self.unread = True  # "(replaces 4.1-2)"
        elif not kinds & ENDS and [w for w in words if w.value not in ("goes", "go")]:
            self._note(" ".join(token.value[1:-1].split()))
        else:
            self._inline(inner, token)

    def _note(self, words: str) -> None:
        if self.group.names and not self.group.versions:
            self.group.said[self.group.names[-1]] = words
        else:
            self.group.notes.append(words)

    def _aside(self, token: Token) -> None:
        """Brackets that hold another release with its own version of the same package."""
        names = list(self.group.names)
        aside = Phrase(token.value[1:-1], self.product, strict=self.strict)
        self.unread |= aside.unread
        for group in aside.groups:
            group.names, group.at = group.names or names, token.at
        self.groups += aside.groups

    def _inline(self, inner: Sequence[Token], token: Token) -> None:
        last = max(n for n, t in enumerate(inner) if t.kind in ("release", "target", *ENDS))
        named = [t for t in inner[: last + 1] if t.kind in ("word", "file")]
        if [t for t in named if t.value not in FILLERS] and not self.group.versions:
            self.group.names.clear()  # "core packages (core-vm version 1)": the name is within
        place_only = not {t.kind for t in inner} & ENDS
        for each in inner[: last + 1]:
            if place_only and each.kind not in ("release", "target"):
                continue
            self._take(each._replace(at=token.at))
        if rest := " ".join(t.value for t in inner[last + 1 :]).strip(" ,"):
            self.group.notes.append(rest.replace(" ,", ","))


def _opened(found: Sequence[Token], product: str) -> Iterator[Token]:
    """Tokens with those inside of brackets."""
    for token in found:
        if token.kind == "paren":
            yield from tokens(token.value[1:-1], product)
        else:
            yield token

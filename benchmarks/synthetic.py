"""Makes packs of any size: ``python -m benchmarks.synthetic DIR NUMBER`` writes NUMBER bulletins.

The texts are nonsense in the form of real ones: as long, with code, packages and references. The
same number gives the same pack. They are not signed.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from textwrap import fill
from typing import Final

_FIRST: Final = date(2010, 1, 4)

# Days between two bulletins, such that the packs of any size end before today.
_SPAN: Final = 5800

_WORDS: Final = (  # noqa: SIM905 - a list of them would take a screen
    "the a of to in and is that for with from domain memory page driver guest kernel attacker "
    "station hearth daemon buffer length check before after when which could would must update "
    "device table entry hypervisor grant mapping reference count race window queue event channel "
    "firmware service policy template qube isolation boundary copy pointer lock state request"
).split()
_PACKAGES: Final = ("xen", "kernel", "core-agent", "gui-daemon", "mgmt-stack", "vm-tools")
_CODE: Final = """\
    static int take(struct ring *ring, unsigned int want)
    {
            if (want > ring->size)
                    return -EINVAL;
            return copy(ring->page, want);
    }
"""


def main() -> int:
    """Write a pack; return the exit status."""
    if len(sys.argv) != 3 or not sys.argv[2].isdecimal():
        print(__doc__, file=sys.stderr)
        return 2
    write_pack(Path(sys.argv[1]), int(sys.argv[2]))
    return 0


def write_pack(root: Path, number: int) -> None:
    """Write ``number`` bulletins into ``root/QSBs``; beside it ``xsa.yml`` and ``profile.toml``."""
    folder = root / "QSBs"
    folder.mkdir(parents=True)
    for n in range(1, number + 1):
        day = published(n, number)
        (folder / f"qsb-{n:03d}-{day.year}.txt").write_text(bulletin(n, day), encoding="utf-8")
    (root / "xsa.yml").write_text("".join(_tracker()), encoding="utf-8")
    (root / "profile.toml").write_text('issuer = "Quern"\ntag = "quern.example.org,2010"\n')


def published(n: int, number: int) -> date:
    """The day of bulletin ``n`` of ``number``."""
    return _FIRST + timedelta(days=n * _SPAN // (number + 1))


def bulletin(n: int, day: date) -> str:
    """The text of a bulletin: 1.5 to 16 KB, half of them below 4 KB."""
    chance = random.Random(n)  # noqa: S311 - the same texts each time
    advisory = chance.randrange(1, 500)
    version = f"4.{n % 19}.{n % 7}-{n % 30 + 1}"
    title = _sentence(chance, 4).rstrip(".").capitalize()
    paragraphs = [_paragraph(chance) for _ in range(min(36, int(chance.expovariate(1 / 9)) + 2))]
    code = [_CODE] if chance.random() < 0.4 else []
    parts = [
        f"{'':13}---===[ Quern Security Bulletin {n:03d} ]===---\n",
        f"{day.isoformat():^64}".rstrip() + "\n",
        f"{f'{title} (XSA-{advisory})':^64}".rstrip() + "\n",
        _headed("User action required", _paragraph(chance)),
        f"  For Quern 4.{n % 3}, in dom0:\n"
        f"  - {chance.choice(_PACKAGES)} packages, version {version}\n",
        _headed("Summary", _paragraph(chance) + f"\nThis is XSA-{advisory} [1]."),
        _headed("Details", "\n\n".join((*paragraphs, *code)).rstrip()),
        _headed("Credits", "Found by A. N. Other of the Quern workshop."),
        _headed("References", f"[1] https://xen.example.org/xsa/advisory-{advisory}.html"),
        "--\nThe Quern Security Team",
    ]
    return "\n".join(parts) + "\n"


def _headed(title: str, words: str) -> str:
    return f"{title}\n{'-' * len(title)}\n\n{words}\n"


def _paragraph(chance: random.Random) -> str:
    return fill(" ".join(_sentence(chance, chance.randrange(7, 18)) for _ in range(4)), 72)


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words)).capitalize() + "."


def _tracker() -> Iterator[str]:
    for n in range(1, 500):
        day = _FIRST + timedelta(days=n * 11)
        affected = "no" if n % 4 else "yes"
        yield f"- xsa: {n}\n  date: {day.isoformat()}\n  affected: {affected}\n"


if __name__ == "__main__":
    sys.exit(main())

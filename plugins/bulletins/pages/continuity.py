"""Whether each canary came when the one before had promised it, and who signed it."""

from __future__ import annotations

from bulletins.pages import model
from bulletins.pages.items import item, signer_name
from bulletins.site import Site
from secpack.model.archive import UNDATED, Canary, Window
from secpack.signatures.policy import expected_signers


def continuity(site: Site) -> model.Continuity:
    """All canaries, with a lane for each signer, in the order in which they began to sign."""
    canaries = [canary for canary in site.archive.canaries if canary.published != UNDATED]
    signatures = [_signatures(site, canary) for canary in canaries]
    lanes = tuple(dict.fromkeys(name for each in signatures for name in each))
    marks = [
        model.CanaryMark(
            item=item(site, canary),
            timing=_timing(canary, _promised(site, canary)),
            signatures=tuple(states.get(name, "") for name in lanes),
        )
        for canary, states in zip(canaries, signatures, strict=True)
    ]
    return model.Continuity(tuple(signer_name(site, name) for name in lanes), tuple(marks))


def _promised(site: Site, canary: Canary) -> Window | None:
    """When this canary was due, unless this archive lacks the one before."""
    before = site.older.get(canary.id)
    is_next = isinstance(before, Canary) and before.number + 1 == canary.number
    return before.due if isinstance(before, Canary) and is_next else None


def _timing(canary: Canary, promised: Window | None) -> model.Timing:
    if promised is None:
        return "unknown"
    if canary.published < promised.first:
        return "early"
    return "late" if canary.published > promised.last else "within"


def _signatures(site: Site, canary: Canary) -> dict[str, model.LaneState]:
    """Whether each signer has signed a canary, or should have."""
    states: dict[str, model.LaneState] = dict.fromkeys(
        expected_signers(canary, site.profile), "missing"
    )
    for signature in canary.signatures:
        if states.get(signature.signer) != "good":
            states[signature.signer] = "good" if signature.counts else "bad"
    return states

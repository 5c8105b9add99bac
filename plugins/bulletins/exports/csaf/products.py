"""What a bulletin ships, as CSAF products: releases, packages, and packages installed on releases.

A release is affected if there is a package for it, or no fix is available. A package is fixed when
installed on that release. This holds for the bulletin as a whole: texts seldom say which package
fixes which vulnerability. Rows without a release are not products.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from bulletins.exports.data import filled
from secpack import Profile
from secpack.extract.answers import answers
from secpack.model.archive import Bulletin, Fix, PackageRow
from secpack.parser.characters import visible
from secpack.profile import Package, Product


def released(bulletin: Bulletin) -> tuple[PackageRow, ...]:
    """The rows that name a release, each product once; and a row for what sentences say of one."""
    stated = [
        PackageRow(answer.release, "", "", "", answer.lines[0], answer.fix)
        for answer in answers(bulletin)
        if answer.fix and not any(row.release == answer.release for row in bulletin.packages)
    ]
    seen: dict[tuple[str, Fix], PackageRow] = {}
    for row in (*bulletin.packages, *stated):
        if row.release:
            seen.setdefault((_installed_id(row), row.fix), row)
    return tuple(seen.values())


def product_name(profile: Profile) -> str:
    """The name of the issuer's product."""
    return visible(profile.name or profile.issuer or profile.team)


def product_tree(rows: Sequence[PackageRow], profile: Profile) -> dict[str, Any]:
    """Releases and packages below the vendor, and packages installed on releases."""
    product = product_name(profile)
    versions = [
        _leaf(f"{product} {release}", _joined(release), profile.product, release)
        for release in dict.fromkeys(row.release for row in rows)
    ]
    branches = [_branch("product_name", product, versions)]
    packages: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row.package:
            packages[_name(row)][row.version] = _package_id(row)
    for name, ids in packages.items():
        known = profile.packages.get(name, Package())
        leaves = [_leaf(f"{name} {v}", id_, known, v) for v, id_ in ids.items() if v]
        branches += [_branch("product_name", visible(name), leaves)] if leaves else []
        if "" in ids:
            branches.append(_leaf(name, ids[""], known, ""))
    installed = {_installed_id(row): row for row in rows if row.package}
    return filled(
        branches=[_branch("vendor", visible(profile.issuer or profile.team), branches)],
        relationships=[_relationship(id_, row, profile) for id_, row in installed.items()],
    )


def product_status(rows: Sequence[PackageRow]) -> dict[str, list[str]]:
    """Which products are fixed, affected or not."""
    affected = dict.fromkeys(_affected_id(row) for row in rows if row.fix is not Fix.NOT_AFFECTED)
    spared = dict.fromkeys(_affected_id(row) for row in rows if row.fix is Fix.NOT_AFFECTED)
    return filled(
        fixed=[_installed_id(row) for row in rows if row.fix is Fix.AVAILABLE],
        known_affected=list(affected),
        known_not_affected=[product for product in spared if product not in affected],
    )


def remediations(
    rows: Sequence[PackageRow], restart: str, profile: Profile, page: str
) -> list[dict[str, Any]]:
    """What to install on each affected release and to restart, and where no fix is available."""
    shipped: defaultdict[str, list[PackageRow]] = defaultdict(list)
    for row in rows:
        if row.fix is Fix.AVAILABLE:
            shipped[row.release].append(row)
    remedies = [
        ("vendor_fix", _to_install(release, packages, restart, profile), _release_id(packages[0]))
        for release, packages in shipped.items()
    ]
    remedies += [
        ("none_available", f"No fix is available: {_words(row, profile)}", _affected_id(row))
        for row in rows
        if row.fix is Fix.NONE
    ]
    return [
        {"category": category, "details": details, "product_ids": [product], "url": page}
        for category, details, product in remedies
    ]


def _to_install(release: str, rows: Sequence[PackageRow], restart: str, profile: Profile) -> str:
    lines = [f"For {product_name(profile)} {visible(release)}:"]
    for row in rows:
        place = f", in {row.target}" if row.target else ""
        note = f" ({row.note})" if row.note else ""
        lines.append(visible(f"- {row.package} {row.version}{place}{note}"))
    return "\n".join([*lines, *([visible(f"Then {restart}.")] if restart else [])])


def _relationship(identity: str, row: PackageRow, profile: Profile) -> dict[str, Any]:
    return {
        "category": "installed_on",
        "full_product_name": {"name": _words(row, profile), "product_id": identity},
        "product_reference": _package_id(row),
        "relates_to_product_reference": _release_id(row),
    }


def _words(row: PackageRow, profile: Profile) -> str:
    """An installed package: ``xen 4.17.5-6 in hearth of Quern OS 4.1``."""
    release = f"{product_name(profile)} {row.release}"
    where = f"{row.target} of {release}" if row.target else release
    package = f"{_name(row)} {row.version}".strip()
    return visible(f"{package} in {where}" if package else where)


def _release_id(row: PackageRow) -> str:
    return _joined(row.release)


def _name(row: PackageRow) -> str:
    """One name for all spellings of a package that the profile knows."""
    return row.name or row.package


def _package_id(row: PackageRow) -> str:
    return _joined(_name(row), row.version)


def _installed_id(row: PackageRow) -> str:
    return _joined(row.release, row.target, _name(row), row.version)


@lru_cache(maxsize=10_000)
def _joined(*parts: str) -> str:
    """Join the parts of a product's id; different parts give different ids."""
    return "/".join(quote(part, "") for part in parts)


def _affected_id(row: PackageRow) -> str:
    """The product that a row calls affected or not: the release, or a package without a fix."""
    if row.package and row.fix is not Fix.AVAILABLE:
        return _installed_id(row)
    return _release_id(row)


def _branch(category: str, name: str, branches: list[dict[str, Any]]) -> dict[str, Any]:
    return {"category": category, "name": name, "branches": branches}


def _leaf(words: str, identity: str, known: Product, version: str) -> dict[str, Any]:
    """A version of a product, or all of it, with the names by which scanners know it."""
    product = {"name": visible(words), "product_id": identity}
    product |= filled(product_identification_helper=known.identifiers(version))
    category = "product_version" if version else "product_name"
    return {"category": category, "name": visible(version or words), "product": product}

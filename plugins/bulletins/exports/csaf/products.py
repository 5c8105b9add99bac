"""What a bulletin ships, as CSAF products: releases, packages, and packages installed on releases.

A package is fixed when installed on its release. A release is affected by the only vulnerability of
a bulletin if there is a package for it, or no fix is available; by one of several, only if the text
says so. Of a bulletin that names no release, the product as a whole is affected.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from bulletins.exports.data import filled
from bulletins.exports.facts import Claim, name_of
from secpack import Profile
from secpack.model.archive import Fix, PackageRow
from secpack.parser.characters import visible
from secpack.profile import Package, Product

#: The id of the issuer's product without a release; no release has such an id.
PRODUCT: Final = "(any)"


def product_name(profile: Profile) -> str:
    """The name of the issuer's product."""
    return visible(profile.name or profile.issuer or profile.team)


def product_tree(rows: Sequence[PackageRow], profile: Profile) -> dict[str, Any]:
    """Releases and packages below the vendor, and packages installed on releases."""
    releases = {row.release: _release_id(row.release) for row in rows}
    branches = _versions(product_name(profile), releases, profile.product)
    packages: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row.package:
            packages[name_of(row)][row.version] = _package_id(row)
    for name, ids in packages.items():
        branches += _versions(name, ids, profile.packages.get(name, Package()))
    installed = {_installed_id(row): row for row in rows if row.package}
    return filled(
        branches=[_branch("vendor", profile.issuer or profile.team, branches)],
        relationships=[_relationship(id_, row, profile) for id_, row in installed.items()],
    )


def product_status(claim: Claim) -> dict[str, list[str]]:
    """Which products are fixed, affected or not by a vulnerability."""
    fixed, affected, spared = dict[str, None](), dict[str, None](), dict[str, None]()
    others = {row.release for row in claim.rows if row.fix is not Fix.NOT_AFFECTED}
    for row in claim.rows:
        if claim.said.get(row.release) is False:
            spared[_release_id(row.release)] = None
        elif row.fix is Fix.NOT_AFFECTED:
            if row.package or not (row.target or row.release in others):
                spared[_affected_id(row)] = None
        else:
            fixed |= {_installed_id(row): None} if row.fix is Fix.AVAILABLE else {}
            is_affected = claim.is_only or row.release in claim.said
            affected |= {_affected_id(row): None} if is_affected else {}
    spared = {product: None for product in spared if product not in affected}
    return filled(fixed=[*fixed], known_affected=[*affected], known_not_affected=[*spared])


def remediations(
    rows: Sequence[PackageRow], restart: str, profile: Profile, page: str
) -> list[dict[str, Any]]:
    """What to install on each affected release and to restart, and where no fix is available."""
    shipped: defaultdict[str, list[PackageRow]] = defaultdict(list)
    for row in rows:
        if row.fix is Fix.AVAILABLE:
            shipped[row.release].append(row)
    remedies = [
        ("vendor_fix", _to_install(release, packages, restart, profile), _release_id(release))
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
    lines = [f"For {_release_name(release, profile)}:"]
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
        "relates_to_product_reference": _release_id(row.release),
    }


def _words(row: PackageRow, profile: Profile) -> str:
    """An installed package: ``xen 4.17.5-6 in hearth of Quern OS 4.1``."""
    release = _release_name(row.release, profile)
    where = f"{row.target} of {release}" if row.target else release
    package = f"{name_of(row)} {row.version}".strip()
    return visible(f"{package} in {where}" if package else where)


def _release_name(release: str, profile: Profile) -> str:
    return f"{product_name(profile)} {visible(release)}".strip()


def _release_id(release: str) -> str:
    return _joined(release) or PRODUCT


def _package_id(row: PackageRow) -> str:
    return _joined(name_of(row), row.version)


def _installed_id(row: PackageRow) -> str:
    return _joined(row.release, row.target, name_of(row), row.version)


def _joined(*parts: str) -> str:
    """Join the parts of a product's id; different parts give different ids."""
    return "/".join(quote(part, "") for part in parts)


def _affected_id(row: PackageRow) -> str:
    """The product that a row calls affected or not: the release, or a package without a fix."""
    if row.package and row.fix is not Fix.AVAILABLE:
        return _installed_id(row)
    return _release_id(row.release)


def _versions(name: str, ids: Mapping[str, str], known: Product) -> list[dict[str, Any]]:
    """The versions of a product, and all of it, by the ids of versions; all of it has none."""
    leaves = [leaf(f"{name} {v}", id_, known, v) for v, id_ in ids.items() if v]
    branches = [_branch("product_name", name, leaves)] if leaves else []
    return [*branches, *([leaf(name, ids[""], known, "")] if "" in ids else [])]


def _branch(category: str, name: str, branches: list[dict[str, Any]]) -> dict[str, Any]:
    return {"category": category, "name": visible(name), "branches": branches}


def leaf(words: str, identity: str, known: Product, version: str) -> dict[str, Any]:
    """A version of a product, or all of it, with the names by which scanners know it."""
    product = {"name": visible(words), "product_id": identity}
    product |= filled(product_identification_helper=known.identifiers(version))
    category = "product_version" if version else "product_name"
    return {"category": category, "name": visible(version or words), "product": product}

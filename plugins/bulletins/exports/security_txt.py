"""``.well-known/security.txt``: whom to tell of a vulnerability (RFC 9116), from the profile."""

from __future__ import annotations

from dataclasses import fields

from secpack.profile import SecurityTxt


def security_txt(told: SecurityTxt, csaf: str = "") -> bytes:
    """Return the file; its fields are the profile's, one value a line.

    ``csaf`` is the address of the metadata of a provider of CSAF, where the site is one.
    """
    lines = []
    for field in fields(SecurityTxt):
        name, value = field.name.replace("_", "-").title(), getattr(told, field.name)
        if field.name == "expires":
            lines.append(f"{name}: {value.isoformat().replace('+00:00', 'Z')}")
        elif field.name == "preferred_languages":
            lines += [f"{name}: {', '.join(value)}"] if value else []
        else:
            lines += [f"{name}: {address}" for address in value]
    lines += [f"CSAF: {csaf}"] if csaf else []
    return "".join(f"{line}\n" for line in lines).encode()

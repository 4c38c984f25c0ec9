"""What Layerfold is made of, as CycloneDX 1.6 (JSON); ``make sbom`` writes it.

The Python packages are those installed for the program and its extras that are named, in the
versions at hand; the page's are those of package-lock.json that its bundle takes in. The same
packages give the same bytes.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
Component = dict[str, Any]


def bill(*extras: str, root: Path = ROOT) -> dict[str, Any]:
    """The bill of materials of the installed ``layerfold`` with these extras."""
    packages = installed("layerfold", extras)
    own = python_component(packages["layerfold"][0]) | {"type": "application"}
    page = [page_component(name, root) for name in page_packages(root)]
    parts = [python_component(one) for name, (one, _) in packages.items() if name != "layerfold"]
    components = sorted(parts + page, key=lambda one: str(one["bom-ref"]))
    links = {
        reference(one): sorted(reference(packages[needed][0]) for needed in needs)
        for one, needs in packages.values()
    }
    links[own["bom-ref"]] += [one["bom-ref"] for one in page]
    content = {
        "metadata": {"component": own},
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": needs} for ref, needs in sorted(links.items())],
    }
    number = uuid5(NAMESPACE_URL, json.dumps(content, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{number}"}
    return {**head, "version": 1, **content}


def plain(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(name: str, extras: tuple[str, ...]) -> dict[str, tuple[Distribution, set[str]]]:
    """A package and all that is installed because of it, each with the names of what it needs."""
    found: dict[str, tuple[Distribution, set[str]]] = {}
    waiting, seen = [(plain(name), extras)], set()
    while waiting:
        current, wanted = waiting.pop()
        one, needs = found.setdefault(current, (distribution(current), set()))
        seen.add((current, wanted))
        for needed in map(Requirement, one.requires or ()):
            if applies(needed, wanted) and is_installed(needed.name):
                needs.add(plain(needed.name))
                further = (plain(needed.name), tuple(sorted(needed.extras)))
                waiting += [further] if further not in seen else []
    return found


def applies(needed: Requirement, extras: tuple[str, ...]) -> bool:
    """Whether a requirement holds here, with these extras."""
    marker = needed.marker
    return marker is None or any(marker.evaluate({"extra": one}) for one in ("", *extras))


def is_installed(name: str) -> bool:
    """Whether there is such a package: one for another system is not."""
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def reference(one: Distribution) -> str:
    """A Python package's address, without the suffix of a local build."""
    return f"pkg:pypi/{plain(one.metadata['Name'])}@{one.version.split('+')[0]}"


def python_component(one: Distribution) -> Component:
    """A Python package as the bill names it."""
    licence = one.metadata.json.get("license_expression")
    told = {"licenses": [{"expression": licence}]} if licence else {}
    return {
        "type": "library",
        "bom-ref": reference(one),
        "name": plain(one.metadata["Name"]),
        "version": one.version.split("+")[0],
        "purl": reference(one),
        **told,
    }


def page_packages(root: Path) -> list[str]:
    """What the page's bundle takes in: the sources import it by name."""
    wanted = json.loads((root / "package.json").read_text("utf-8"))["dependencies"]
    sources = "\n".join(
        path.read_text("utf-8") for path in sorted((root / "frontend" / "src").rglob("*.ts"))
    )
    imported = re.findall(r"from \"((?:@[\w-]+/)?[\w-]+)[\"/]", sources)
    return sorted(set(wanted) & set(imported))


def page_component(name: str, root: Path) -> Component:
    """A package of the page, with the hash that the lock file holds of its archive."""
    lock = json.loads((root / "package-lock.json").read_text("utf-8"))
    entry = lock["packages"][f"node_modules/{name}"]
    algorithm, digest = entry["integrity"].split("-", 1)
    address = f"pkg:npm/{name}@{entry['version']}"
    return {
        "type": "library",
        "bom-ref": address,
        "name": name,
        "version": entry["version"],
        "purl": address,
        "licenses": [{"expression": entry["license"]}],
        "hashes": [
            {
                "alg": algorithm.upper().replace("SHA", "SHA-"),
                "content": base64.b64decode(digest).hex(),
            }
        ],
    }


if __name__ == "__main__":
    print(json.dumps(bill(*sys.argv[1:]), indent=2, ensure_ascii=False))

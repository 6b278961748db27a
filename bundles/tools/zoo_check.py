"""Ask of the zoo form of the bundle what the model zoo's own checks ask, offline.

    python bundles/tools/publish.py zoo --out build/zoo --weights-url URL
    python bundles/tools/zoo_check.py build/zoo/coconet_fusion --schema SCHEMA.json

Written from what ``ci/verify_bundle.py`` of Project-MONAI/model-zoo does in its mode ``full``, step by step: files,
version, metadata by schema, properties that the apps in ``supported_apps`` ask for, shapes, TorchScript.  It works on a
copy in the zoo's layout, from the zoo's root, where there are neither data nor weights but those of ``large_files``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import runpy
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

WEIGHTS = Path(__file__).resolve().parents[1] / "coconet_fusion"
NEEDED = ("configs/metadata.json", "LICENSE", "models/model.pt", "configs/inference.json")


def check(form: Path, schema: Path, *, weights: Path = WEIGHTS, properties: Path | None = None) -> list[str]:
    """Run all steps; what each of them found.

    Args:
        form: folder ``coconet_fusion`` that ``publish.py zoo`` made.
        schema: copy of the schema that the metadata name.
        weights: folder from which the files of ``large_files.yml`` are taken instead of from their addresses.
        properties: a ``bundle_properties.py`` that every app of ``supported_apps`` asks for; by default MONAI's own,
            which asks for all that a bundle can have.

    Raises:
        SystemExit: a step does not pass.
    """
    with tempfile.TemporaryDirectory(prefix="coconet-zoo-") as made:
        root = Path(made)
        bundle = root / "models" / form.name
        shutil.copytree(form, bundle)
        given = schema.resolve(), weights.resolve(), properties and properties.resolve()
        before = Path.cwd()
        os.chdir(root)  # the zoo runs its checks here, with paths that are relative to it
        try:
            return _steps(Path("models") / form.name, *given)
        finally:
            os.chdir(before)


def _steps(bundle: Path, schema: Path, weights: Path, properties: Path | None) -> list[str]:
    from monai.bundle import ckpt_export, create_workflow, verify_metadata, verify_net_in_out

    said = [f"{_fill(bundle, weights)} large files have the sha256 that is stated"]
    if missing := [name for name in NEEDED if not (bundle / name).is_file()]:
        sys.exit(f"{bundle}: {', '.join(missing)} missing")
    metadata = json.loads((bundle / "configs" / "metadata.json").read_text(encoding="utf-8"))
    if metadata["version"] not in metadata["changelog"]:
        sys.exit(f"version {metadata['version']} is not in the changelog")
    said.append(f"version {metadata['version']} is in the changelog")
    paths = {"meta_file": f"{bundle}/configs/metadata.json", "config_file": f"{bundle}/configs/inference.json"}
    shutil.copy(schema, bundle / "schema.json")  # an existing file is not downloaded again
    verify_metadata(meta_file=paths["meta_file"], filepath=f"{bundle}/schema.json")
    said.append("the metadata fit the schema")
    if not metadata["supported_apps"]:
        sys.exit("supported_apps is empty: no property would be asked for")
    for app in metadata["supported_apps"]:
        workflow = create_workflow(
            workflow_type="inference",
            bundle_root=str(bundle),
            logging_file=f"{bundle}/configs/logging.conf",
            **paths,
        )
        workflow.properties = _properties(properties)
        if lacking := _lacking(workflow):
            sys.exit(f"{app} asks for {lacking}, which the inference config lacks")
        said.append(f"the inference config has the {len(workflow.properties)} properties that {app} may ask for")
    verify_net_in_out(net_id="network_def", bundle_root=str(bundle), **paths)
    said.append("the network takes and gives what the metadata say")
    ckpt_export(
        net_id="network_def",
        filepath=f"{bundle}/models/verify_model.ts",
        ckpt_file=f"{bundle}/models/model.pt",
        bundle_root=str(bundle),
        **paths,
    )
    said.append("the weights become TorchScript")
    return said


def _lacking(workflow: Any) -> str:
    try:
        return ", ".join(workflow.check_properties() or ())
    except (KeyError, ValueError) as error:  # of MONAI, for a key that is nowhere in the config
        return str(error)


def _fill(bundle: Path, weights: Path) -> int:
    """Put the large files where the zoo would download them to."""
    import yaml

    entries = yaml.safe_load((bundle / "large_files.yml").read_text(encoding="utf-8"))["large_files"]
    for entry in entries:
        source, target = weights / entry["path"], bundle / entry["path"]
        if not source.is_file() or hashlib.sha256(source.read_bytes()).hexdigest() != entry["hash_val"]:
            sys.exit(f"{source}: is not the file that large_files.yml states; bundles/tools/take_weights.py brings it")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    return len(entries)


def _properties(path: Path | None) -> dict[str, Any]:
    if path is None:
        from monai.bundle.properties import InferProperties, MetaProperties

        return {**MetaProperties, **InferProperties}
    found = runpy.run_path(str(path))
    return {**found["MetaProperties"], **found["InferProperties"]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("form", type=Path)
    parser.add_argument("--schema", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder with models/model.pt and model.onnx")
    parser.add_argument("--properties", type=Path, help="bundle_properties.py of an app")
    options = parser.parse_args()
    for line in check(options.form, options.schema, weights=options.weights, properties=options.properties):
        print(line)

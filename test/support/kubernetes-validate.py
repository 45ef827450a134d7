"""Checks Kubernetes objects against the API schemas that the package kubernetes-validate carries, all in one process.

stdin: {"yaml": "...", "objects": [...], "from": "1.31"}; stdout: {"versions", "checked", "unknown", "failures"}.
The YAML, read by an independent reader (PyYAML, YAML 1.1), must give the objects.
"""

import json
import sys

import jsonschema
import referencing
import yaml
from kubernetes_validate import utils

FOLDER = "kubernetes-json-schema"


def number(version):
    return [int(part) for part in version.split(".")[:2]]


def validator(version, object_):
    group, _, api = object_["apiVersion"].rpartition("/")
    name = "-".join(part for part in (group.split(".")[0], api) if part)
    folder = f"{FOLDER}/v{version}-local-strict"
    try:
        schema = utils.schema_contents(f"{folder}/{object_['kind'].lower()}-{name}.json", version)
    except FileNotFoundError:
        return None
    registry = referencing.Registry()
    for contents in (schema, utils.schema_contents(f"{folder}/_definitions.json", version)):
        registry = referencing.Resource.from_contents(contents) @ registry
    return jsonschema.validators.Draft202012Validator(schema, registry=registry)


def main():
    asked = json.load(sys.stdin)
    objects = asked["objects"]
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    read = list(yaml.load_all(asked["yaml"], Loader=loader))
    failures = []
    if len(read) != len(objects):
        failures.append(f"the YAML has {len(read)} documents for {len(objects)} objects")
    for document, object_ in zip(read, objects):
        if document != object_:
            failures.append(f"the YAML differs: {object_['kind']} {object_['metadata']['name']}")
    versions = [version for version in dict.fromkeys(utils.all_versions()) if number(version) >= number(asked["from"])]
    unknown = set()
    checked = 0
    for version in versions:
        validators = {}
        for object_ in objects:
            kind = f"{object_['apiVersion']}/{object_['kind']}"
            if kind not in validators:
                validators[kind] = validator(version, object_)
            if validators[kind] is None:
                unknown.add(kind)
                continue
            checked += 1
            for error in validators[kind].iter_errors(object_):
                path = ".".join(str(step) for step in error.path)
                failures.append(f"{version} {object_['kind']} {object_['metadata']['name']} {path}: {error.message[:300]}")
    json.dump(
        {"versions": versions, "checked": checked, "unknown": sorted(unknown), "failures": failures}, sys.stdout
    )


main()

"""An editor for `kubectl edit`: `python refused_editor.py SPECS SEEN FILE` puts other specs into FILE, and keeps what FILE said.

kubectl opens what was refused again, with the reasons in comments.
"""

import json
import sys
from pathlib import Path

import yaml


def main() -> None:
    """SPECS has the specs by the objects' names; SEEN is what a person would have read the last time."""
    specs_file, seen, file = map(Path, sys.argv[1:])
    specs = json.loads(specs_file.read_text(encoding="utf-8"))
    text = file.read_text(encoding="utf-8")
    seen.write_text(text, encoding="utf-8")
    objects = yaml.safe_load(text)
    for obj in objects["items"]:
        obj["spec"] = specs[obj["metadata"]["name"]]
    file.write_text(json.dumps(objects), encoding="utf-8")


if __name__ == "__main__":
    main()

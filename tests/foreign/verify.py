"""Checks an exported log with nothing of Clerkwork's: the package aics-tlog from PyPI, which walks every
tile and every bundle of entries. Says "ok SIZE ROOT", or why not and ends with 1.

    verify.py BUNDLE KEY [SAVED_CHECKPOINT]
"""

import sys
from pathlib import Path

from aics_tlog.checkpoint import checkpoint_from_note
from aics_tlog.note import parse_vkey, verify_note
from aics_tlog.tiles import FileSystemTileReader, consistency_proof_from_tiles
from aics_tlog.tree import verify_consistency
from aics_tlog.verified import audit_tiles


def opened(path, key):
    """The checkpoint of a note that the key has signed."""
    checkpoint, note = checkpoint_from_note(Path(path).read_bytes())
    if not verify_note(note, [key]):
        raise ValueError(f"{path}: not signed by {key.name}")
    if checkpoint.origin != key.name:
        raise ValueError(f"{path}: the checkpoint is of {checkpoint.origin}")
    return checkpoint


def main(bundle, key, saved=None):
    key = parse_vkey(key)
    now = opened(Path(bundle) / "checkpoint", key)
    reader = FileSystemTileReader(bundle)
    report = audit_tiles(reader, now.size, now.root)
    if report.bundles != (now.size + 255) // 256:
        raise ValueError(f"{report.bundles} bundles for {now.size} entries")
    if saved is not None:
        then = opened(saved, key)
        if then.size > now.size:
            raise ValueError(f"the log was set back: it has {now.size} entries, and had {then.size}")
        proof = consistency_proof_from_tiles(reader, then.size, now.size)
        if not verify_consistency(then.size, now.size, then.root, now.root, proof):
            raise ValueError("the log did not grow out of the saved checkpoint")
    print("ok", now.size, now.root.hex())


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:  # Whatever is wrong, it is not verified.
        print(f"refused: {type(error).__name__}: {error}")
        sys.exit(1)

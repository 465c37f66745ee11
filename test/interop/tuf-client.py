# python-tuf as a client: reads a repository and prints what it was told of each target. Arguments: folder, metadata URL, base URL, names.
import hashlib, json, pathlib, sys
from tuf.ngclient import Updater, UpdaterConfig

folder, metadata, base, names = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
root = pathlib.Path(folder, 'trusted.json').read_bytes()
client = Updater(str(pathlib.Path(folder, 'metadata')), metadata, str(pathlib.Path(folder, 'targets')), base,
                 config=UpdaterConfig(prefix_targets_with_hash=False), bootstrap=root)
client.refresh()
found = {}
for name in names:
    info = client.get_targetinfo(name)
    if info is None:
        found[name] = None
        continue
    found[name] = {'length': info.length, 'hashes': info.hashes, 'custom': info.custom}
    if name.startswith('releases/'):
        path = client.download_target(info, str(pathlib.Path(folder, 'targets', name.replace('/', '_'))))
        found[name]['downloaded'] = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
print(json.dumps(found))

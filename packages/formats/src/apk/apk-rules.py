# Reads an apk with nothing of ours and applies apk-tools' rules to it (extract_v2.c, tar.c, package.c); a judge for the tests.
# Usage: apk-rules.py FILE [PUBLIC_KEY]. Prints JSON; ends with 1 and a reason where apk would refuse.
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zlib


def refuse(reason):
    print(reason)
    sys.exit(1)


def members(data):
    while data:
        unpacker = zlib.decompressobj(31)
        try:
            plain = unpacker.decompress(data)
        except zlib.error as error:
            refuse(f"gzip: {error}")
        if not unpacker.eof:
            refuse("gzip: cut off")
        packed = data[: len(data) - len(unpacker.unused_data)]
        yield packed, plain
        data = unpacker.unused_data


def headers(plain):
    """The 512 byte blocks that begin an entry, until the zero blocks; and what is left from there."""
    at = 0
    found = []
    while at < len(plain) and plain[at : at + 1] != b"\0":
        block = plain[at : at + 512]
        if len(block) < 512 or block[257:262] != b"ustar":
            refuse("tar: no ustar header")
        found.append(block)
        size = int(block[124:136].rstrip(b"\0 ") or b"0", 8)
        at += 512 + (size + 511) // 512 * 512
    return found, plain[at:]


def entries(plain):
    try:
        with tarfile.open(fileobj=io.BytesIO(plain + b"\0" * 1024), mode="r:", format=tarfile.PAX_FORMAT) as archive:
            return [(one, archive.extractfile(one).read() if one.isreg() else b"") for one in archive.getmembers()]
    except tarfile.TarError as error:
        refuse(f"tar: {error}")


def verify(key, kind, signature, control):
    with tempfile.NamedTemporaryFile() as file:
        file.write(signature)
        file.flush()
        digest = {"RSA": "-sha1", "RSA256": "-sha256", "RSA512": "-sha512"}[kind]
        command = ["openssl", "dgst", digest, "-verify", key, "-signature", file.name]
        return subprocess.run(command, input=control, capture_output=True).returncode == 0


def main():
    parts = list(members(open(sys.argv[1], "rb").read()))
    for packed, plain in parts[:-1]:
        if headers(plain)[1]:
            refuse("a member before the last ends the archive")
    if len(headers(parts[-1][1])[1]) < 1024 or headers(parts[-1][1])[1].strip(b"\0"):
        refuse("the data has no end of archive")
    signatures = []
    if entries(parts[0][1]) and entries(parts[0][1])[0][0].name.startswith(".SIGN."):
        signatures = entries(parts.pop(0)[1])
    if len(parts) != 2:
        refuse(f"{len(parts)} members and not control and data")
    (control, control_plain), (data, data_plain) = parts
    files = {one.name: (one, body) for one, body in entries(control_plain)}
    if list(files)[:1] != [".PKGINFO"] or any(not name.startswith(".") or "/" in name for name in files):
        refuse("the control member holds what it must not")
    fields = [line.split(" = ", 1) for line in files[".PKGINFO"][1].decode().splitlines() if line and not line.startswith("#")]
    if any(len(field) != 2 for field in fields):
        refuse("a line of .PKGINFO is no field")
    if dict(fields).get("datahash") != hashlib.sha256(data).hexdigest():
        refuse("datahash")
    listed = []
    for one, body in entries(data_plain):
        if one.name.startswith("."):
            refuse(f"{one.name} would not be unpacked")
        content = body if one.isreg() else one.linkname.encode()
        if (one.isreg() or one.issym()) and one.pax_headers.get("APK-TOOLS.checksum.SHA1") != hashlib.sha1(content).hexdigest():
            refuse(f"checksum of {one.name}")
        if (one.uid, one.gid, one.uname, one.gname) != (0, 0, "root", "root"):
            refuse(f"owner of {one.name}")
        listed.append([one.name, oct(one.mode), one.size, one.linkname])
    if [name for name, *_ in listed] != sorted(name for name, *_ in listed):
        refuse("the files are not in order")
    if len(sys.argv) > 2:
        names = [one.name.split(".", 3) for one, _ in signatures]
        if not names or not all(verify(sys.argv[2], name[2], body, control) for name, (_, body) in zip(names, signatures)):
            refuse("signature")
    print(json.dumps({"fields": fields, "files": listed, "control": list(files), "signatures": [one.name for one, _ in signatures]}))


main()

#!/usr/bin/env bash
# One would guess: a QIDO-RS query finds the same studies whether its wildcard is sent as * or, as most HTTP clients send it,
#   as %2A; and PT\MR lists values as it does in DICOM's own queries.
# What happens, with 1,000 studies in Orthanc 1.10.1 with DICOMweb 1.7 (Debian 12): PatientID=P000* finds 10,
#   PatientID=P000%2A finds none, with status 200. So for ? (%3F) and for the ^ of names (%5E): Python's requests encodes them
#   all. A list with %5C finds none; with a comma, encoded or not, it finds the union.
# For an MRI with a PET: an empty answer is no proof that the PACS has no such study; ask by UID, date or modality, or send
#   wildcards unencoded, and compare with a query that must find something. (Needs the apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && cd "$work"
server=
trap '[ -z "$server" ] || { kill "$server" && wait "$server" || true; } 2>/dev/null; rm -rf "$work"' EXIT
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'pydicom==3.0.2'
pins="orthanc=1.10.1+dfsg-2+deb12u1 orthanc-dicomweb=1.7+dfsg-6+b2"
# shellcheck disable=SC2086
wanted=$(apt-get install -s --no-install-recommends $pins | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq $pins $wanted 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$work/root/usr/lib/$(uname -m)-linux-gnu
export LD_LIBRARY_PATH
port=$(python3 -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
plugin=$(find root -name 'libOrthancDicomWeb.so*' | head -1)
cat > orthanc.json <<JSON
{"StorageDirectory": "db", "IndexDirectory": "db", "HttpPort": $port, "DicomServerEnabled": false,
 "RemoteAccessAllowed": false, "AuthenticationEnabled": false, "Plugins": ["$work/$plugin"]}
JSON
root/usr/sbin/Orthanc orthanc.json >orthanc.log 2>&1 &
server=$!
cat > ask.py <<'PY'
import http.client, io, json, sys, time, urllib.request
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

port = int(sys.argv[1])
for _ in range(100):
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/system")
        break
    except OSError:
        time.sleep(0.2)
connection = http.client.HTTPConnection("127.0.0.1", port)
for i in range(1000):
    for modality in ("MR", "PT") if i % 2 else ("MR",):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, PET
        meta.MediaStorageSOPInstanceUID = generate_uid()
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID, d.SeriesInstanceUID = PET, meta.MediaStorageSOPInstanceUID, generate_uid()
        d.StudyInstanceUID, d.PatientID, d.PatientName, d.Modality = f"1.2.826.0.1.{i + 1}", f"P{i:04d}", f"Head^{i}", modality
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 2, 2, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation, d.PixelData = 16, 16, 15, 0, bytes(8)
        file = io.BytesIO()
        d.save_as(file, enforce_file_format=True)
        connection.request("POST", "/instances", file.getvalue())
        assert connection.getresponse().read()

def count(query):
    url = f"http://127.0.0.1:{port}/dicom-web/studies?{query}"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": "application/dicom+json"})) as answer:
        return len(json.loads(answer.read() or b"[]"))

queries = ("PatientID=P000*", "PatientID=P000%2A", "PatientID=P000?", "PatientID=P000%3F", "PatientName=Head^5",
           "PatientName=Head%5E5", "ModalitiesInStudy=PT", "ModalitiesInStudy=PT%5CMR", "ModalitiesInStudy=PT%2CMR")
seen = {query: count(query) for query in queries}
for query, number in seen.items():
    print(f"{query:28s} {number} studies")
assert list(seen.values()) == [10, 0, 10, 0, 1, 0, 500, 0, 1000], "Orthanc's answers changed"
PY
env/bin/python ask.py "$port"

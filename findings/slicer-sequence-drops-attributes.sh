#!/usr/bin/env bash
# One would guess: what a module or a user sets on the volume that plays a sequence in 3D Slicer (a dynamic PET) stays there while
#   frames change, as its node references and its name do.
# What happens with slicer-core 5.12.4.0 (Slicer 5.12's MRML): each change of the frame replaces all attributes of the volume that
#   is shown by those of the frame's own node: "units = SUV" set on it is gone with the first step, and does not come back. A
#   reference to the MRI stays. Only with "save changes" on (it is off) does the frame at which it was set keep it.
# For an MRI with a PET: a record of how the frames were fused or scaled vanishes when the film is played. Set it on each frame's
#   node of the sequence, or keep it in a node reference.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'vtk==9.6.0' 'numpy==2.4.6'
env/bin/pip install -q --no-deps --no-compile --disable-pip-version-check 'slicer-core==5.12.4.0'
env/bin/python -W ignore - 2>log <<'PY' || { tail -3 log; exit 1; }
import slicer, vtk

scene = slicer.vtkMRMLScene()
logic = slicer.vtkSlicerSequencesLogic()
logic.SetMRMLScene(scene)
mri = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "MRI")
sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "dynamic PET")
frame = slicer.vtkMRMLScalarVolumeNode()
for number in (0, 1):
    pixels = vtk.vtkImageData()
    pixels.SetDimensions(4, 4, 4)
    pixels.AllocateScalars(vtk.VTK_FLOAT, 1)
    pixels.GetPointData().GetScalars().Fill(number + 1)
    frame.SetAndObserveImageData(pixels)
    sequence.SetDataNodeAtValue(frame, str(number))
browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "browser")
browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
logic.UpdateProxyNodesFromSequences(browser)
shown = browser.GetProxyNode(sequence)

def play(number):
    browser.SetSelectedItemNumber(number)
    logic.UpdateProxyNodesFromSequences(browser)
    print("frame", number, "values", shown.GetImageData().GetScalarRange()[0], "units", shown.GetAttribute("units"),
          "reference", shown.GetNodeReference("mri") is mri)
    return shown.GetAttribute("units")

shown.SetAttribute("units", "SUV")
shown.AddNodeReferenceID("mri", mri.GetID())
assert not browser.GetSaveChanges(sequence)
assert [play(1), play(0)] == [None, None], "Slicer keeps attributes now"
assert shown.GetNodeReference("mri") is mri
browser.SetSaveChanges(sequence, True)
shown.SetAttribute("units", "SUV")  # frame 0 is shown
print("set with save changes:")
assert [play(1), play(0)] == [None, "SUV"], "Slicer saves otherwise"
browser.SetSaveChanges(sequence, False)
for number in (0, 1):
    sequence.GetNthDataNode(number).SetAttribute("units", "SUV")
print("set on each frame's node:")
assert [play(1), play(0)] == ["SUV", "SUV"], "Slicer takes them from elsewhere"
PY

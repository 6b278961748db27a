"""Series of images that differ in one attribute, by kind of attribute."""

from __future__ import annotations

from dicom_phantom import classic, stored_values, uid
from pydicom import Dataset


def an_item(**attributes) -> Dataset:
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def private(group, creator, element, vr, first, second):
    def edit(ds, odd):
        ds.private_block(group, creator, create=True).add_new(element, vr, second if odd else first)

    return edit


def attribute(keyword, first, second):
    def edit(ds, odd):
        value = second if odd else first
        if value is None:
            ds.pop(keyword, None)
        else:
            setattr(ds, keyword, value)

    return edit


MR, CT, PT = "MR", "CT", "PT"


ORIGINAL = ["ORIGINAL", "PRIMARY"]


#: modality, what makes an odd slice another kind, and the choice of the even slices.
KINDS = {
    "phase": (MR, attribute("ImageType", [*ORIGINAL, "M", "ND"], [*ORIGINAL, "P", "ND"]), "ImageType=M"),
    "real and imaginary": (MR, attribute("ImageType", [*ORIGINAL, "R"], [*ORIGINAL, "I"]), "ImageType=R"),
    "GE real and imaginary": (MR, private(0x0043, "GEMS_PARM_01", 0x2F, "SS", 2, 3), "ComplexImageComponent=REAL"),
    "Philips magnitude and phase": (
        MR,
        private(0x2005, "Philips MR Imaging DD 001", 0x11, "CS", "M", "P"),
        "ComplexImageComponent=MAGNITUDE",
    ),
    "echo": (MR, attribute("EchoTime", "90", "3"), "EchoTime=90.0"),
    "inversion": (MR, attribute("InversionTime", "700", "2500"), "InversionTime=700"),
    "flip angle": (MR, attribute("FlipAngle", "4", "26"), "FlipAngle=4"),
    "b-value": (MR, attribute("DiffusionBValue", 1000.0, 0.0), "DiffusionBValue=1000"),
    "b-value missing": (MR, attribute("DiffusionBValue", 1000.0, None), "DiffusionBValue=1000"),
    "b-value, Siemens": (MR, private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", "1000", "0"), "DiffusionBValue=1000"),
    "b-value, GE": (
        MR,
        private(0x0043, "GEMS_PARM_01", 0x39, "IS", ["1000000050", "8"], ["0", "8"]),
        "DiffusionBValue=50",
    ),
    "ADC beside trace": (
        MR,
        attribute("ImageType", [*ORIGINAL, "TRACEW"], ["DERIVED", "PRIMARY", "ADC"]),
        "ImageType=TRACEW",
    ),
    "Dixon": (MR, attribute("ImageType", [*ORIGINAL, "W", "W"], [*ORIGINAL, "F", "F"]), "ImageType=W"),
    "after contrast": (MR, attribute("ContrastBolusAgent", None, "GD"), "ContrastBolusAgent=none"),
    "projection": (PT, attribute("ImageType", ORIGINAL, ["DERIVED", "SECONDARY", "MIP"]), "ImageType=ORIGINAL"),
    "localizer": (MR, attribute("ImageType", [*ORIGINAL, "M"], [*ORIGINAL, "LOCALIZER"]), "ImageType=M"),
    "attenuation": (PT, attribute("CorrectedImage", ["DECY"], ["ATTN", "DECY"]), "CorrectedImage=DECY"),
    "attenuation, contained": (PT, attribute("CorrectedImage", ["DECY", "ATTN"], ["DECY"]), "CorrectedImage=attn"),
    "decay": (PT, attribute("DecayCorrection", "START", "NONE"), "DecayCorrection=START"),
    "units": (PT, attribute("Units", "BQML", "CNTS"), "Units=BQML"),
    "reconstruction": (PT, attribute("ReconstructionMethod", "OSEM 3D", "FBP"), "ReconstructionMethod=OSEM 3D"),
    "series type": (PT, attribute("SeriesType", ["STATIC", "IMAGE"], ["GATED", "IMAGE"]), "SeriesType=STATIC"),
    "scatter": (PT, attribute("ScatterCorrectionMethod", "MODEL", "NONE"), "ScatterCorrectionMethod=MODEL"),
    "randoms": (PT, attribute("RandomsCorrectionMethod", "DLYD", "NONE"), "RandomsCorrectionMethod=DLYD"),
    "repetition": (MR, attribute("RepetitionTime", "500", "2500"), "RepetitionTime=500"),
    "point in time": (
        MR,
        attribute("TemporalPositionIdentifier", "1", "2"),
        "TemporalPositionIdentifier=1",
    ),
    "sequence": (MR, attribute("SequenceName", "*tse2d1_9", "*se2d1"), "SequenceName=*TSE2D1_9"),
    "options": (MR, attribute("ScanOptions", "FS", "PFP"), "ScanOptions=FS"),
    "fat saturation": (MR, attribute("ScanOptions", None, "FS"), "ScanOptions=none"),
    "kernel": (CT, attribute("ConvolutionKernel", "H30s", "B70f"), "ConvolutionKernel=H30s"),
    "kilovolt": (CT, attribute("KVP", "80", "140"), "KVP=80"),
}


def mixed(folder, modality, edit):
    """Every second slice is of another kind; every place is held once."""
    return classic(folder, modality, slopes=[1.0] * 6, edit=lambda ds, k: edit(ds, bool(k % 2)))


def echoes(folder, times=("2", "90", "180", "270"), **changes):
    """Every place once for each echo."""
    stored = []
    for n, time in enumerate(times):

        def edit(ds, k, n=n, time=time):
            ds.SOPInstanceUID, ds.EchoTime, ds.InstanceNumber = uid("echo", n, k), time, 1 + k + 100 * n
            for keyword, values in changes.items():
                setattr(ds, keyword, values[n])

        stored.append(classic(folder / str(n), "MR", series="echoes", values=stored_values(seed=n), edit=edit))
    return stored

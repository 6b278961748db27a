"""Showing results: three linked views side by side, the colors and the window of the PET, its legend."""

from __future__ import annotations

import numpy as np
import slicer

#: Color tables that Slicer has for PET, by the names that users see.
PALETTES = {
    "PET-DICOM": "vtkMRMLPETProceduralColorNodePET-DICOM",
    "PET-HotMetalBlue": "vtkMRMLPETProceduralColorNodePET-HotMetalBlue",
    "PET-Heat": "vtkMRMLPETProceduralColorNodePET-Heat",
    "PET-Rainbow": "vtkMRMLPETProceduralColorNodePET-Rainbow",
    "PET-MIP": "vtkMRMLPETProceduralColorNodePET-MaximumIntensityProjection",
    "Iron": "vtkMRMLColorTableNodeIron",
    "Grey": "vtkMRMLColorTableNodeGrey",
}

#: What readers of FDG PET are used to.
SUV_WINDOW = (0.0, 6.0)

#: Attributes of a display node: what was asked for last.
PALETTE, WINDOW, TITLE = "PETMRFusion.Palette", "PETMRFusion.Window", "PETMRFusion.LegendTitle"

#: Attribute of a slice view: it has been given its marker of the sides.
MARKED = "PETMRFusion.Marked"

#: A number that no layout of Slicer or of an extension known to us has.
LAYOUT = 78411

#: Views of the layout: name, label, color of the bar.
VIEWS = (("FusionMRI", "MRI", "#9A9A9A"), ("FusionPET", "PET", "#D0703C"), ("FusionColor", "Fused", "#4C9A6A"))


def layout_xml(orientation: str = "Axial") -> str:
    """Three slice views in a row; one view group, so that linked views move together."""
    views = "".join(
        f'<item><view class="vtkMRMLSliceNode" singletontag="{name}">'
        f'<property name="orientation" action="default">{orientation}</property>'
        f'<property name="viewlabel" action="default">{label}</property>'
        f'<property name="viewcolor" action="default">{color}</property>'
        f'<property name="viewgroup" action="default">{LAYOUT}</property></view></item>'
        for name, label, color in VIEWS
    )
    return f'<layout type="horizontal" split="true">{views}</layout>'


def show_side_by_side(
    mr: slicer.vtkMRMLScalarVolumeNode | None,
    uptake: slicer.vtkMRMLScalarVolumeNode | None,
    fused: slicer.vtkMRMLVectorVolumeNode | None,
) -> list[slicer.vtkMRMLSliceLogic]:
    """MRI, PET and fusion in three linked views, fitted to the MRI, with a marker of left and right.

    Returns:
        The views that show something else than before; they may get their size later (:class:`Fitting`).
    """
    use_layout()
    application, changed = slicer.app.applicationLogic(), []
    for (name, _, _), volume in zip(VIEWS, (mr, uptake, fused), strict=True):
        logic = application.GetSliceLogicByLayoutName(name)
        if logic is None:
            continue
        mark_sides(logic.GetSliceNode())
        composite = logic.GetSliceCompositeNode()
        composite.SetLinkedControl(True)
        composite.SetHotLinkedControl(True)
        ident = volume.GetID() if volume is not None else None
        if composite.GetBackgroundVolumeID() == ident:
            continue  # shown already: zoom, foreground and labels are the user's
        composite.SetBackgroundVolumeID(ident)
        composite.SetForegroundVolumeID(None)
        composite.SetLabelVolumeID(None)
        logic.FitSliceToBackground()
        changed.append(logic)
    return changed


def mark_sides(view: slicer.vtkMRMLSliceNode) -> None:
    """Show once which side is right (R) and left (L); a user who hides the marker has it hidden."""
    if view.GetAttribute(MARKED) is None:
        view.SetAttribute(MARKED, "1")
        view.SetOrientationMarkerType(view.OrientationMarkerTypeAxes)
        view.SetOrientationMarkerSize(view.OrientationMarkerSizeSmall)


class Fitting:
    """Fits new views again when they have got their size: Qt lays them out after they were made.

    Args:
        logics: the views, fitted to the size that they had.
    """

    #: How often :meth:`again` looks before the size is taken to be final.
    LOOKS = 15

    def __init__(self, logics: list[slicer.vtkMRMLSliceLogic]) -> None:
        self._fitted = [(logic, self._state(logic)) for logic in logics]
        self._left = self.LOOKS

    def again(self) -> bool:
        """Fit views whose size has changed since; False once all is settled."""
        self._left -= 1
        for number, (logic, before) in enumerate(self._fitted):
            now = self._state(logic)
            if now[0] != before[0] and now[1] == before[1]:  # another size, and still what was shown
                logic.FitSliceToBackground()
            self._fitted[number] = (logic, self._state(logic))
        return self._left > 0 and bool(self._fitted)

    @staticmethod
    def _state(logic: slicer.vtkMRMLSliceLogic) -> tuple[tuple[int, ...], str | None]:
        return tuple(logic.GetSliceNode().GetDimensions()), logic.GetSliceCompositeNode().GetBackgroundVolumeID()


def register_layout() -> slicer.vtkMRMLLayoutNode | None:
    """Make the layout of this module known, so that a scene that was saved with it is not shown empty."""
    node = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    if node is None or node.IsLayoutDescription(LAYOUT):
        return node
    node.AddLayoutDescription(LAYOUT, layout_xml())
    if node.GetViewArrangement() == LAYOUT:
        # A scene asked for it before it was known: ask again, so that its views are made.
        node.SetViewArrangement(node.SlicerLayoutNone)
        node.SetViewArrangement(LAYOUT)
    return node


def keep_layout_known() -> None:
    """Register the layout now, and again after each scene that is opened, added or closed."""
    register_layout()
    scene = slicer.mrmlScene
    for event in (scene.EndImportEvent, scene.EndCloseEvent, scene.EndRestoreEvent):
        scene.AddObserver(event, lambda *ignored: register_layout())


def use_layout() -> None:
    """Switch to the layout of this module."""
    node = register_layout()
    if node is not None:
        node.SetViewArrangement(LAYOUT)


def color_pet(
    node: slicer.vtkMRMLScalarVolumeNode, palette: str, window: tuple[float, float], units: str = "relative"
) -> None:
    """Give a functional volume its color table, its window and a legend with its units.

    Each once: what the user changes afterwards (window, color table, a hidden legend) stays until something else is
    asked for here.
    """
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    title = node.GetName() if units == "relative" else f"{node.GetName()} ({units})"
    if _is_news(display, PALETTE, palette):
        display.SetAndObserveColorNodeID(PALETTES[palette])
    if _is_news(display, WINDOW, f"{window[0]:.9g} {window[1]:.9g}"):
        display.SetAutoWindowLevel(False)
        display.SetWindowLevelMinMax(*window)
    module = getattr(slicer.modules, "colors", None)
    if module is None:
        return
    logic = module.logic()
    legend = logic.GetColorLegendDisplayNode(node)
    if legend is None:
        legend = logic.AddDefaultColorLegendDisplayNode(node)
        if legend is not None:
            legend.SetVisibility(True)
    if legend is not None and _is_news(display, TITLE, title):
        legend.SetTitleText(title)


def _is_news(display: slicer.vtkMRMLDisplayNode, name: str, value: str) -> bool:
    """Whether something else was asked for than last time; remembered with the scene."""
    if display.GetAttribute(name) == value:
        return False
    display.SetAttribute(name, value)
    return True


def legend_picture(table: np.ndarray, height: int = 96, width: int = 96) -> np.ndarray:
    """The two-dimensional legend of a fusion: uptake upwards, lightness of the anatomy to the right.

    Args:
        table: RGB ``uint8`` (256 luminances, 256 uptakes, 3).
        height: in pixels.
        width: in pixels.

    Returns:
        RGB ``uint8`` (height, width, 3), row 0 at the top.
    """
    rows = np.linspace(len(table) - 1, 0, height).round().astype(int)
    columns = np.linspace(0, len(table) - 1, width).round().astype(int)
    return np.ascontiguousarray(table[columns[None, :], rows[:, None]])


def to_ppm(picture: np.ndarray) -> bytes:
    """A picture as a PPM file, which Qt reads everywhere: RGB ``uint8`` (height, width, 3)."""
    height, width, _ = picture.shape
    return f"P6 {width} {height} 255\n".encode("ascii") + picture.tobytes()

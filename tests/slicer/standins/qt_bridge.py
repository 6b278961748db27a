"""Stand-in for PythonQt on PySide6: modules ``qt`` and ``ctk``, and the ``qMRML*`` widgets that our .ui file uses.

PythonQt's habits: properties are attributes (``button.enabled = True``, ``combo.currentText``), signals are
connected by signature (``button.connect("clicked(bool)", slot)``), and ``name`` is the name of the object.
"""

from __future__ import annotations

import inspect
import sys
import types
import xml.etree.ElementTree as ET
from typing import Any, ClassVar

import slicer
from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

#: Qt asks for these through C++: an attribute of that name would break the widget.
_CALLED_BY_QT = {"sizeHint", "minimumSizeHint"}

#: Classes of the .ui file, and of code, by the names that Slicer knows.
_PLAIN = (
    *("QWidget", "QLabel", "QPushButton", "QToolButton", "QCheckBox", "QComboBox"),
    *("QLineEdit", "QDoubleSpinBox", "QProgressBar", "QTimer", "QFrame"),
)


class _PythonQt:
    """Mixed into PySide classes.  PySide puts ``connect`` into every instance, so ours goes there too."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.__dict__["connect"] = self._connect
        self.__dict__["disconnect"] = self._disconnect

    def _connect(self, signature: str, slot: Any) -> bool:
        name, _, arguments = signature.rstrip(")").partition("(")
        methods = [self.metaObject().method(n) for n in range(self.metaObject().methodCount())]
        known = {bytes(method.name()).decode() for method in methods}
        if name not in known:
            raise ValueError(f"{self.className()} has no signal {signature}")
        signal = getattr(self, name)
        signal.connect(slot if arguments else lambda *ignored: slot())
        return True

    def _disconnect(self, signature: str, slot: Any) -> None:
        getattr(self, signature.split("(")[0]).disconnect(slot)

    def className(self) -> str:
        return type(self).__name__

    @property
    def name(self) -> str:
        return QtCore.QObject.objectName(self)


def python_qt(base: type, name: str | None = None) -> type:
    """A PySide class with PythonQt's habits."""
    meta, members = base.staticMetaObject, {}
    for number in range(meta.propertyCount()):
        prop = meta.property(number).name()
        if prop in _CALLED_BY_QT or isinstance(inspect.getattr_static(base, prop, None), QtCore.Property):
            continue
        members[prop] = property(
            lambda self, p=prop: QtCore.QObject.property(self, p),
            lambda self, value, p=prop: QtCore.QObject.setProperty(self, p, value),
        )
    return type(name or base.__name__, (_PythonQt, base), members)


class _Collapsible(QtWidgets.QWidget):
    """A bold header over its content, as ctkCollapsibleButton."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._header = QtWidgets.QToolButton(self)
        self._header.setToolButtonStyle(QtCore.Qt.ToolButtonTextBesideIcon)
        self._header.setStyleSheet("font-weight: bold; text-align: left; border: 1px solid palette(mid);")
        self._header.clicked.connect(lambda: self._set_collapsed(not self._collapsed))
        self._collapsed = False
        self.setContentsMargins(6, 30, 6, 6)
        self._header.setArrowType(QtCore.Qt.DownArrow)

    def resizeEvent(self, event: Any) -> None:
        self._header.setGeometry(0, 0, event.size().width(), 24)
        super().resizeEvent(event)

    def _set_collapsed(self, value: bool) -> None:
        self._collapsed = bool(value)
        self._header.setArrowType(QtCore.Qt.RightArrow if value else QtCore.Qt.DownArrow)
        self.setMaximumHeight(26 if value else 16777215)
        for child in self.findChildren(QtWidgets.QWidget, options=QtCore.Qt.FindDirectChildrenOnly):
            if child is not self._header:
                child.setVisible(not value)

    collapsed = QtCore.Property(bool, lambda self: self._collapsed, _set_collapsed)
    text = QtCore.Property(str, lambda self: self._header.text(), lambda self, t: self._header.setText(t))


def _forward(kind: type, getter: str, setter: str) -> Any:
    return QtCore.Property(
        kind, lambda self: getattr(self._box, getter)(), lambda self, value: getattr(self._box, setter)(value)
    )


class _Slider(QtWidgets.QWidget):
    """Slider and spin box together, as ctkSliderWidget."""

    valueChanged = QtCore.Signal(float)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._bar, self._box = QtWidgets.QSlider(QtCore.Qt.Horizontal), QtWidgets.QDoubleSpinBox()
        self._bar.setRange(0, 1000)
        row.addWidget(self._bar)
        row.addWidget(self._box)
        self._box.valueChanged.connect(self._moved)
        self._bar.sliderMoved.connect(self._dragged)

    def _moved(self, value: float) -> None:
        low, high = self._box.minimum(), self._box.maximum()
        self._bar.setValue(round(1000 * (value - low) / ((high - low) or 1)))
        self.valueChanged.emit(value)

    def _dragged(self, position: int) -> None:
        low, high = self._box.minimum(), self._box.maximum()
        self._box.setValue(low + (high - low) * position / 1000)

    value = _forward(float, "value", "setValue")
    minimum = _forward(float, "minimum", "setMinimum")
    maximum = _forward(float, "maximum", "setMaximum")
    singleStep = _forward(float, "singleStep", "setSingleStep")
    decimals = _forward(int, "decimals", "setDecimals")
    pageStep = QtCore.Property(float, lambda self: 0.0, lambda self, value: None)


class _MRMLWidget(QtWidgets.QWidget):
    mrmlSceneChanged = QtCore.Signal(object)

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene
        self.mrmlSceneChanged.emit(scene)


class _NodeCombo(QtWidgets.QComboBox):
    """Nodes of the scene by class, as qMRMLNodeComboBox."""

    currentNodeChanged = QtCore.Signal(object)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._tags: list[int] = []
        self._types: list[str] = []
        self._flags = {"noneEnabled": False, "showChildNodeTypes": True}
        self._last: str | None = None
        self.currentIndexChanged.connect(lambda *ignored: self._tell())

    def setMRMLScene(self, scene: Any) -> None:
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._scene, self._tags = scene, []
        if scene is None:  # the widget is about to be deleted
            return
        for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent, scene.EndCloseEvent):
            self._tags.append(scene.AddObserver(event, lambda *ignored: self._refresh()))
        self._refresh()

    def currentNode(self) -> Any:
        ident = QtWidgets.QComboBox.currentData(self)
        return self._scene.GetNodeByID(ident) if self._scene is not None and ident else None

    def setCurrentNode(self, node: Any) -> None:
        ident = node.GetID() if node is not None else None
        found = self.findData(ident) if ident else -1
        none = 0 if self._flags["noneEnabled"] else -1
        QtWidgets.QComboBox.setCurrentIndex(self, found if found >= 0 else none)

    def _fits(self, node: Any) -> bool:
        if node.GetHideFromEditors():
            return False
        return any(
            node.IsA(kind) if self._flags["showChildNodeTypes"] else node.GetClassName() == kind for kind in self._types
        )

    def _refresh(self) -> None:
        if self._scene is None:
            return
        kept = self.currentNode()
        self.blockSignals(True)
        self.clear()
        if self._flags["noneEnabled"]:
            self.addItem("None", None)
        for number in range(self._scene.GetNumberOfNodes()):
            node = self._scene.GetNthNode(number)
            if self._fits(node):
                self.addItem(node.GetName(), node.GetID())
        self.setCurrentNode(kept)
        if self.currentNode() is None and QtWidgets.QComboBox.count(self) > 0:
            QtWidgets.QComboBox.setCurrentIndex(self, 0)
        self.blockSignals(False)
        self._tell()

    def _tell(self) -> None:
        node = self.currentNode()
        ident = node.GetID() if node is not None else None
        if ident != self._last:
            self._last = ident
            self.currentNodeChanged.emit(node)

    def _set(self, flag: str, value: bool) -> None:
        self._flags[flag] = value
        self._refresh()

    def _set_types(self, kinds: list[str]) -> None:
        self._types = list(kinds)
        self._refresh()

    nodeTypes = QtCore.Property("QStringList", lambda self: self._types, _set_types)
    noneEnabled = QtCore.Property(
        bool, lambda self: self._flags["noneEnabled"], lambda self, value: self._set("noneEnabled", value)
    )
    showChildNodeTypes = QtCore.Property(
        bool, lambda self: self._flags["showChildNodeTypes"], lambda self, value: self._set("showChildNodeTypes", value)
    )


class UiLoader(QtUiTools.QUiLoader):
    """Makes the classes above by name; does the wiring of scenes itself, whose types PySide does not know."""

    registry: ClassVar[dict[str, type]] = {}
    unknown: ClassVar[list[str]] = []

    def createWidget(self, class_name: str, parent: Any = None, name: str = "") -> Any:
        kind = self.registry.get(class_name)
        if kind is None:
            UiLoader.unknown.append(class_name)
            return super().createWidget(class_name, parent, name)
        widget = kind(parent)
        widget.setObjectName(name)
        self._kept.append(widget)
        return widget

    def load(self, device: Any, parent: Any = None) -> Any:
        tree = ET.fromstring(bytes(device.readAll()))
        wires = [
            [wire.findtext(part) for part in ("sender", "signal", "receiver", "slot")]
            for wire in tree.iter("connection")
        ]
        for wiring in tree.findall("connections"):
            tree.remove(wiring)
        buffer = QtCore.QBuffer()
        buffer.setData(ET.tostring(tree))
        buffer.open(QtCore.QIODevice.ReadOnly)
        self._kept: list[Any] = []
        top = super().load(buffer, parent)
        top._kept = self._kept  # a wrapper that is collected comes back as a plain PySide object
        named = {widget.name: widget for widget in self._kept}
        for sender, signal, receiver, slot in wires:
            getattr(named[sender], signal.split("(")[0]).connect(getattr(named[receiver], slot.split("(")[0]))
        return top


def install() -> None:
    """Make ``qt`` and ``ctk`` importable, and put the widgets into ``slicer``."""
    qt, ctk = types.ModuleType("qt"), types.ModuleType("ctk")
    for source in (QtCore, QtGui, QtWidgets):
        for name in dir(source):
            if name.startswith("Q"):
                setattr(qt, name, getattr(source, name))
    for name in _PLAIN:
        source = QtCore if name == "QTimer" else QtWidgets
        setattr(qt, name, python_qt(getattr(source, name)))
    qt.QUiLoader = UiLoader
    qt.layout_of = lambda widget: QtWidgets.QWidget.layout(widget)
    for name, base in (("ctkCollapsibleButton", _Collapsible), ("ctkSliderWidget", _Slider)):
        setattr(ctk, name, python_qt(base, name))
    for name, base in (("qMRMLWidget", _MRMLWidget), ("qMRMLNodeComboBox", _NodeCombo)):
        setattr(slicer, name, python_qt(base, name))
    sys.modules["qt"], sys.modules["ctk"] = qt, ctk
    for holder in (qt, ctk, slicer):
        for name, thing in vars(holder).items():
            if isinstance(thing, type) and issubclass(thing, _PythonQt) and issubclass(thing, QtWidgets.QWidget):
                UiLoader.registry[name] = thing

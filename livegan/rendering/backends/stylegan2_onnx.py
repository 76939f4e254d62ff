"""StyleGAN2 backend with ONNX Runtime, for DirectML on Windows: every graphics card with DirectX 12.

The graph is that of `stylegan2_openvino`, with ONNX's operators in the place of OpenVINO's. Where it is in two parts,
the second is float16: what comes from the first is converted.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import DTypeLike, NDArray
from torch import Tensor

from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends.stylegan2_openvino import Graph, Plane

DIRECTML, CPU = "DmlExecutionProvider", "CPUExecutionProvider"
OPSET, IR_VERSION = 17, 9  # of ONNX; DirectML knows both since ONNX Runtime 1.17


class OnnxBackend:
    """ONNX Runtime backend of StyleGAN2, one picture at a time. It cannot bend layers."""

    bends = False
    threads = 1  # of torch, which does not draw

    def __init__(self, network: StyleGAN2, half: bool, half_from: int = 0, provider: str = DIRECTML) -> None:
        """With `half`, levels of `half_from` px and more are float16; `provider` is an execution provider's name.

        RuntimeError if it is not there, ImportError without ONNX Runtime and onnx.
        """
        import onnxruntime

        onnxruntime.disable_telemetry_events()  # on Windows it would tell Microsoft
        found = onnxruntime.get_available_providers()
        if provider not in found:
            raise RuntimeError(f"this ONNX Runtime has no {provider}; it has {', '.join(found)}")
        heights = [height for height, _ in network.shape.resolutions]
        float32_levels = len(heights)
        if half:
            float32_levels = max(1, sum(height < half_from for height in heights))
            if float32_levels == len(heights):
                raise RuntimeError(f"the network has no level of {half_from} px that could be float16")
        graph = _OnnxGraph(network, float32_levels)
        options = onnxruntime.SessionOptions()
        options.enable_mem_pattern = False  # DirectML asks for this and for one operator at a time
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 3  # errors
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(graph.model(), options, providers=[provider])
        if self._session.get_providers()[0] != provider:
            raise RuntimeError(f"{provider} finds no graphics card")
        self._ws = np.zeros((network.num_ws, network.w_dim), np.float32)
        self._inputs = {graph.ws: self._ws}
        self._planes = []
        for layer, _, name in graph.noise:
            self._inputs[name] = np.zeros((1, 1, layer.height, layer.width), np.float32)
            self._planes.append(Plane(layer, self._inputs[name]))
        where = "DirectML, untested" if provider == DIRECTML else "ONNX Runtime"
        self.text = f"{where}, {'fp16' if half else 'fp32'}"
        width = 2 if half else 4
        self.megabytes = (4 * graph.counts[0] + width * graph.counts[1]) / 2**20

    def set_clusters(self, clusters: dict[int, Tensor]) -> None:
        """Without effect, as it does not bend."""

    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        """As the protocol says; `options.bends` are ignored."""
        np.copyto(self._ws, ws.numpy())
        for plane in self._planes:
            plane.fill(options)
        (pictures,) = self._session.run(None, self._inputs)
        return torch.from_numpy(pictures[0])


class _OnnxGraph(Graph):
    """ONNX model of a network: inputs ws and noise planes, float32; output pixels (1, height, width, 3) uint8."""

    def __init__(self, network: StyleGAN2, float32_levels: int) -> None:
        self._operators = _Operators()
        super().__init__(network, float32_levels, self._operators)

    def _across(self, node: str) -> str:
        return self._operators.convert(node, np.float16) if self._second else node

    def model(self) -> bytes:
        """The model in ONNX's own format."""
        import onnx

        parts, make = self._operators, onnx.helper
        result = make.make_tensor_value_info(self.pixels, onnx.TensorProto.UINT8, None)
        graph = make.make_graph(parts.nodes, "stylegan2", parts.inputs, [result], parts.initializers)
        opsets = [make.make_opsetid("", OPSET)]
        return bytes(make.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION).SerializeToString())


class _Operators:
    """ONNX operators under the names and with the arguments of OpenVINO's. A node is the name of its output.

    A node computes in the type of its first input; other inputs are converted, constants once and for all.
    """

    def __init__(self) -> None:
        import onnx

        self._onnx = onnx
        self._constants: dict[str, NDArray[Any]] = {}
        self._types: dict[str, DTypeLike] = {}  # of each node
        self.nodes: list[Any] = []
        self.inputs: list[Any] = []
        self.initializers: list[Any] = []

    def _name(self, dtype: DTypeLike) -> str:
        name = f"n{len(self._types)}"
        self._types[name] = dtype
        return name

    def _node(
        self, kind: str, *inputs: str, dtype: DTypeLike | None = None, outputs: int = 1, **attributes: Any
    ) -> list[str]:
        names = [self._name(dtype or self._types[inputs[0]]) for _ in range(outputs)]
        self.nodes.append(
            self._onnx.helper.make_node(kind, [self._ready(name) for name in inputs], names, **attributes)
        )
        return names

    def _ready(self, name: str) -> str:
        """The same node; if it is a constant, it is in the model from now on."""
        if name in self._constants:
            self.initializers.append(self._onnx.numpy_helper.from_array(self._constants.pop(name), name))
        return name

    def _like(self, first: str, other: str) -> str:
        """`other` in the type of `first`."""
        dtype = self._types[first]
        if self._types[other] == dtype:
            return other
        if other in self._constants:
            return self.constant(self._constants.pop(other).astype(dtype))
        return self.convert(other, dtype)

    def _calculated(self, kind: str, first: str, *others: str, **attributes: Any) -> str:
        return self._node(kind, first, *(self._like(first, other) for other in others), **attributes)[0]

    def parameter(self, shape: list[int], dtype: DTypeLike) -> str:
        name = self._name(dtype)
        code = self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self.inputs.append(self._onnx.helper.make_tensor_value_info(name, code, shape))
        return name

    def constant(self, array: NDArray[Any] | np.generic, shared_memory: bool = False) -> str:
        name = self._name(array.dtype.type)
        self._constants[name] = np.asarray(array)
        return name

    def convert(self, x: str, dtype: DTypeLike) -> str:
        code = self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self._node("Cast", x, dtype=dtype, to=code)[0]

    def add(self, x: str, y: str) -> str:
        return self._calculated("Add", x, y)

    def multiply(self, x: str, y: str) -> str:
        return self._calculated("Mul", x, y)

    def power(self, x: str, y: str) -> str:
        return self._calculated("Pow", x, y)

    def prelu(self, x: str, slope: str) -> str:
        return self._calculated("PRelu", x, slope)

    def clamp(self, x: str, low: float, high: float) -> str:
        return self._calculated("Clip", x, self.constant(np.float32(low)), self.constant(np.float32(high)))

    def matmul(self, x: str, y: str, transpose_x: bool, transpose_y: bool) -> str:
        return self._calculated("Gemm", x, y, transA=int(transpose_x), transB=int(transpose_y))

    def gather(self, x: str, indices: str, axis: str) -> str:
        return self._node("Gather", x, indices, axis=int(self._constants.pop(axis)))[0]

    def reshape(self, x: str, shape: str, special_zero: bool) -> str:
        return self._node("Reshape", x, shape, allowzero=int(not special_zero))[0]

    def transpose(self, x: str, order: str) -> str:
        return self._node("Transpose", x, perm=self._constants.pop(order).tolist())[0]

    def tile(self, x: str, repeats: str) -> str:
        return self._node("Tile", x, repeats)[0]

    def variadic_split(self, x: str, axis: str, lengths: str) -> "_Outputs":
        count = len(self._constants[lengths])
        return _Outputs(self._node("Split", x, lengths, axis=int(self._constants.pop(axis)), outputs=count))

    def convolution(
        self, x: str, weight: str, strides: list[int], before: list[int], after: list[int], _dilations: list[int]
    ) -> str:
        return self._calculated("Conv", x, weight, strides=strides, pads=[*before, *after])

    def group_convolution(
        self, x: str, weight: str, strides: list[int], before: list[int], after: list[int], _dilations: list[int]
    ) -> str:
        groups, weight = self._grouped(weight)
        return self._calculated("Conv", x, weight, strides=strides, pads=[*before, *after], group=groups)

    def convolution_backprop_data(
        self, x: str, weight: str, strides: list[int], pads_begin: list[int], pads_end: list[int]
    ) -> str:
        return self._calculated("ConvTranspose", x, weight, strides=strides, pads=[*pads_begin, *pads_end])

    def group_convolution_backprop_data(
        self, x: str, weight: str, strides: list[int], pads_begin: list[int], pads_end: list[int]
    ) -> str:
        groups, weight = self._grouped(weight)
        pads = [*pads_begin, *pads_end]
        return self._calculated("ConvTranspose", x, weight, strides=strides, pads=pads, group=groups)

    def _grouped(self, weight: str) -> tuple[int, str]:
        """The number of groups, and weights (groups, a, b, h, w) as ONNX wants them: (groups * a, b, h, w)."""
        array = self._constants.pop(weight)
        return len(array), self.constant(array.reshape(-1, *array.shape[2:]))


class _Outputs:
    """Outputs of a node that has several."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def outputs(self) -> list[str]:
        return self._names

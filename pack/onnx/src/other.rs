//! Files that are taken for ONNX files and are something else, by what they begin with.

/// What a file is, and how an ONNX file is made of it, or got instead.
const FORMATS: &[(usize, &[u8], &str)] = &[
    (
        0,
        b"version https://git-lfs",
        "it is a pointer of Git LFS, which stands where the file itself is not: get that with `git lfs pull`",
    ),
    (0, b"\x80\x02", PICKLE),
    (0, b"\x80\x03", PICKLE),
    (0, b"\x80\x04", PICKLE),
    (0, b"\x80\x05", PICKLE),
    // As joblib compresses them: the header of zlib (RFC 1950), of whatever level.
    (0, b"x\x01", PICKLE),
    (0, b"x\x5e", PICKLE),
    (0, b"x\x9c", PICKLE),
    (0, b"x\xda", PICKLE),
    (
        0,
        b"PK\x03\x04",
        "it is a zip archive, as PyTorch (.pt) and Keras (.keras) write: export with `torch.onnx.export` or `model.export(.., format=\"onnx\")`",
    ),
    (0, b"\x89HDF\r\n\x1a\n", "it is an HDF5 file, as Keras writes (.h5): export the model with `tf2onnx`"),
    (0, b"tree\nversion=", "it is a model in LightGBM's own text: export it with `onnxmltools.convert_lightgbm`"),
    (0, b"\x93NUMPY", "it is an array of numpy"),
    (0, b"GGUF", "it is a GGUF file, of a language model"),
    (0, b"\x1f\x8b", "it is compressed with gzip: unpack it first"),
    (0, b"\x28\xb5\x2f\xfd", "it is compressed with zstd: unpack it first"),
    (0, b"<", "it is a web page or XML: download the file itself"),
    (0, b"{", "it is JSON or UBJSON, as XGBoost writes its models: export with `onnxmltools.convert_xgboost`"),
    (4, b"TFL3", "it is a TensorFlow Lite file: export the model with `tf2onnx`"),
    (4, b"ORTM", "it is in onnxruntime's own format (.ort): pack the ONNX file that it was made of"),
    (
        8,
        b"{\"",
        "it is a safetensors file, which has weights and nothing that says how they are used: export the model itself",
    ),
];

const PICKLE: &str = "it is a pickle, as `joblib` and `pickle` write, which is a program and not only a model: export the fitted model \
                      with `skl2onnx.to_onnx`, `onnxmltools` or `torch.onnx.export`";

/// What a file is that cannot be read as an ONNX file, if it can be told.
pub(crate) fn format(bytes: &[u8]) -> Option<&'static str> {
    if bytes.is_empty() {
        return Some("it is empty: export or copy it again");
    }
    let begins = |(at, magic, _): &&(usize, &[u8], &str)| bytes.get(*at..).is_some_and(|part| part.starts_with(magic));
    FORMATS.iter().find(begins).map(|(.., what)| *what)
}

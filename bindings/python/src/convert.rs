//! Between Python's values and the bridge's.

use std::ffi::OsString;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use spark_t2i_bridge::{self as bridge, Argument, Error, Request, Value, guard};

use crate::client::{Image, Task};

/// Nothing that the bridge reads is a list in a list in a list; a list may hold itself.
const DEEPEST: usize = 3;

/// A value of whatever type, for the bridge to judge.
pub(crate) struct Given(pub(crate) Argument);

impl<'py> FromPyObject<'_, 'py> for Given {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        argument(&value, DEEPEST).map(Self)
    }
}

/// A request: its parameters by name, and its model, where it is not the client's.
#[derive(FromPyObject)]
pub(crate) struct Wanted(Given, Option<String>);

impl Wanted {
    pub(crate) fn request(self) -> Result<Request, Error> {
        bridge::request(&self.0.0, self.1)
    }
}

fn argument(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Argument> {
    let Some(depth) = depth.checked_sub(1) else { return Ok(Argument::Other) };
    Ok(if value.is_none() {
        Argument::Absent
    } else if let Ok(boolean) = value.cast::<PyBool>() {
        Argument::Boolean(boolean.is_true())
    } else if let Ok(text) = value.cast::<PyString>() {
        match text.to_cow() {
            Ok(text) => Argument::Text(text.into_owned()),
            // What is no name of a file either is nothing but ill-formed.
            Err(_) => Argument::IllFormedText(text.extract().unwrap_or_default()),
        }
    } else if let Ok(number) = value.cast::<PyFloat>() {
        Argument::Number(number.value())
    } else if value.cast::<PyInt>().is_ok() {
        integer(value)?
    } else if let Ok(map) = value.cast::<PyDict>() {
        let pair = |(name, value): (Bound<'_, PyAny>, _)| {
            Ok((name.str()?.to_string_lossy().into_owned(), argument(&value, depth)?))
        };
        Argument::Map(map.iter().map(pair).collect::<PyResult<_>>()?)
    } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        Argument::List(value.try_iter()?.map(|element| argument(&element?, depth)).collect::<PyResult<_>>()?)
    } else if let Ok(path) = value.call_method0("__fspath__") {
        argument(&path, depth)?
    } else if let Ok(seconds) = value.call_method0("total_seconds") {
        Argument::Number(seconds.extract()?)
    } else if let Ok(index) = value.call_method0("__index__") {
        // The integers of numpy and their like.
        integer(&index)?
    } else {
        Argument::Other
    })
}

fn integer(value: &Bound<'_, PyAny>) -> PyResult<Argument> {
    Ok(Argument::Integer(match value.extract::<i128>() {
        Ok(number) => number,
        Err(_) if value.lt(0)? => i128::MIN,
        Err(_) => i128::MAX,
    }))
}

/// A value for Python. Records are made by the callables of their names in `spark_t2i._build`, by position.
pub(crate) struct Told(Value);

impl<T: Into<Value>> From<T> for Told {
    fn from(value: T) -> Self {
        Self(value.into())
    }
}

impl<'py> IntoPyObject<'py> for Told {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        to_python(py, self.0)
    }
}

fn to_python(py: Python<'_>, value: Value) -> PyResult<Bound<'_, PyAny>> {
    static BUILD: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let build = || BUILD.get_or_try_init(py, || py.import("spark_t2i._build").map(Bound::unbind));
    Ok(match value {
        Value::None => py.None().into_bound(py),
        Value::Boolean(value) => PyBool::new(py, value).to_owned().into_any(),
        Value::Integer(number) => number.into_pyobject(py)?.into_any(),
        Value::Number(number) => PyFloat::new(py, number).into_any(),
        Value::Text(text) => PyString::new(py, &text).into_any(),
        Value::Bytes(bytes) => PyBytes::new(py, &bytes).into_any(),
        Value::Decimal(number) => build()?.bind(py).call_method1("Decimal", (number.to_string(),))?,
        Value::Path(path) => OsString::from(path).into_pyobject(py)?.into_any(),
        Value::List(values) => tuple(py, values)?.into_any(),
        Value::Record(name, fields) => {
            let fields = tuple(py, fields.into_iter().map(|(_, value)| value))?;
            build()?.bind(py).getattr(name)?.call1(fields)?
        }
        Value::Task(task) => Bound::new(py, Task(task))?.into_any(),
        Value::Image(image) => Bound::new(py, Image(image))?.into_any(),
    })
}

fn tuple(py: Python<'_>, values: impl IntoIterator<Item = Value>) -> PyResult<Bound<'_, PyTuple>> {
    let values: Vec<_> = values.into_iter().map(|value| to_python(py, value)).collect::<PyResult<_>>()?;
    PyTuple::new(py, values)
}

/// Work of the bridge, as a part of a Python function.
pub(crate) fn guarded<T>(py: Python<'_>, work: impl FnOnce() -> Result<T, Error>) -> PyResult<T> {
    guard(work).map_err(|error| to_python(py, (&error).into()).map_or_else(|problem| problem, PyErr::from_value))
}

//! Between JavaScript's values and the bridge's.

use napi::bindgen_prelude::{
    BigInt, Env, FromNapiValue, JsObjectValue, JsValuesTupleIntoVec, Null, Object, Result, ToNapiValue, Uint8Array,
    Unknown, Utf16String,
};
use napi::{JsValue, ValueType, sys};
use spark_t2i_bridge::{Argument, Error, KeptImage, Value, guard};

use crate::client::Task;
use crate::mailbox::Local;

/// Nothing that the bridge reads is a list in a list in a list; a list may hold itself.
const DEEPEST: usize = 3;
/// JavaScript's `Number.MAX_SAFE_INTEGER`.
const MOST_EXACT: i128 = (1 << 53) - 1;

/// A value of whatever type, for the bridge to judge.
pub struct Given(pub(crate) Argument);

impl FromNapiValue for Given {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller vouches for both.
        argument(unsafe { Unknown::from_napi_value(env, value) }?, DEEPEST).map(Self)
    }
}

fn argument(value: Unknown<'_>, depth: usize) -> Result<Argument> {
    let Some(depth) = depth.checked_sub(1) else { return Ok(Argument::Other) };
    // SAFETY: each is cast to what it was found to be.
    Ok(match value.get_type()? {
        ValueType::Undefined | ValueType::Null => Argument::Absent,
        ValueType::Boolean => Argument::Boolean(unsafe { value.cast() }?),
        ValueType::Number => Argument::from_only_number(unsafe { value.cast() }?),
        ValueType::BigInt => Argument::Integer(integer(&unsafe { value.cast::<BigInt>() }?)),
        ValueType::String => Argument::from_utf16(&unsafe { value.cast::<Utf16String>() }?),
        ValueType::Object => {
            let object: Object<'_> = unsafe { value.cast() }?;
            if object.is_array()? {
                let elements = 0..object.get_array_length_unchecked()?;
                Argument::List(elements.map(|at| argument(object.get_element(at)?, depth)).collect::<Result<_>>()?)
            } else if object.is_date()? || object.is_buffer()? || object.is_typedarray()? || object.is_arraybuffer()? {
                Argument::Other
            } else {
                let names = object.get_property_names()?;
                let pair = |at| {
                    let name: Unknown<'_> = names.get_element(at)?;
                    let value = argument(object.get_property(name)?, depth)?;
                    Ok((String::from_utf16_lossy(&unsafe { name.cast::<Utf16String>() }?), value))
                };
                Argument::Map((0..names.get_array_length_unchecked()?).map(pair).collect::<Result<_>>()?)
            }
        }
        _ => Argument::Other,
    })
}

/// The nearest one that there is.
fn integer(number: &BigInt) -> i128 {
    let next = |high: i128, word: &u64| high.saturating_mul(1 << 64).saturating_add((*word).into());
    let magnitude = number.words.iter().rev().fold(0, next);
    if number.sign_bit { -magnitude } else { magnitude }
}

/// A value for JavaScript. Records are made by the function that was given to `start`, from their names and their fields by
/// position.
pub struct Js(Value);

impl<T: Into<Value>> From<T> for Js {
    fn from(value: T) -> Self {
        Self(value.into())
    }
}

impl ToNapiValue for Js {
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        // SAFETY: the caller vouches for the environment.
        unsafe {
            match value.0 {
                Value::None => Null::to_napi_value(env, Null),
                Value::Boolean(value) => bool::to_napi_value(env, value),
                Value::Integer(number) => exactly(env, number),
                Value::Number(number) => f64::to_napi_value(env, number),
                Value::Text(text) => String::to_napi_value(env, text),
                Value::Bytes(bytes) => Uint8Array::to_napi_value(env, Vec::from(bytes).into()),
                Value::Decimal(number) => String::to_napi_value(env, number.to_string()),
                Value::Path(path) => String::to_napi_value(env, path.to_string_lossy().into_owned()),
                Value::List(values) => Vec::to_napi_value(env, values.into_iter().map(Js).collect::<Vec<_>>()),
                Value::Record(name, fields) => {
                    let env = Env::from_raw(env);
                    Ok(Local::of(env)?.build.borrow_back(&env)?.call(Record(name, fields))?.raw())
                }
                Value::Task(task) => Task::to_napi_value(env, Task(task)),
                Value::Image(image) => Kept::to_napi_value(env, Kept(image.keep())),
            }
        }
    }
}

/// An image, which JavaScript holds as plain data: its collector does not see what a handle holds here, and would let thousands
/// of them lie.
pub struct Kept(pub(crate) KeptImage);

type Parts = (String, String, u32, Option<u32>, Option<u32>);

impl FromNapiValue for Kept {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller vouches for both.
        let (task_id, raw, position, width, height) = unsafe { Parts::from_napi_value(env, value) }?;
        Ok(Self(KeptImage { task_id, raw, position, width, height }))
    }
}

impl ToNapiValue for Kept {
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        let KeptImage { task_id, raw, position, width, height } = value.0;
        // SAFETY: the caller vouches for the environment.
        unsafe { Parts::to_napi_value(env, (task_id, raw, position, width, height)) }
    }
}

/// A number, or a big integer where a number would be rounded.
#[expect(clippy::cast_precision_loss, reason = "only where nothing is lost")]
unsafe fn exactly(env: sys::napi_env, number: i128) -> Result<sys::napi_value> {
    // SAFETY: the caller vouches for the environment.
    unsafe {
        if number.abs() <= MOST_EXACT {
            f64::to_napi_value(env, number as f64)
        } else {
            i128::to_napi_value(env, number)
        }
    }
}

/// What a record is built of.
pub(crate) struct Record(&'static str, Vec<(&'static str, Value)>);

impl JsValuesTupleIntoVec for Record {
    fn into_vec(self, env: sys::napi_env) -> Result<Vec<sys::napi_value>> {
        let fields = self.1.into_iter().map(|(_, value)| Js(value));
        // SAFETY: it is the environment of the call.
        unsafe {
            let name = <&str>::to_napi_value(env, self.0);
            std::iter::once(name).chain(fields.map(|field| Js::to_napi_value(env, field))).collect()
        }
    }
}

/// Work of the bridge, as a part of a function of JavaScript.
pub(crate) fn guarded<T>(env: Env, work: impl FnOnce() -> std::result::Result<T, Error>) -> Result<T> {
    guard(work).map_err(|error| {
        let (raw, error) = (env.raw(), Js::from(&error));
        // SAFETY: the environment is that of the call; what is made is used at once.
        let made = unsafe { Js::to_napi_value(raw, error).and_then(|value| Unknown::from_napi_value(raw, value)) };
        made.map_or_else(|problem| problem, napi::Error::from_unknown_without_coercion)
    })
}

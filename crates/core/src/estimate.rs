use serde::Serialize;

use crate::Decimal;
use crate::json::{self, Object, Unreadable};

/// What a request would probably cost, as the service estimates it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// The cost, exactly as the service gave it.
    pub cost: Decimal,
    /// The currency, such as `USD`.
    pub currency: Option<String>,
    /// The discount, as the service gave it.
    #[serde(serialize_with = "crate::decimal::as_number")]
    pub discount: Option<Decimal>,
    /// How the model is billed.
    pub billing_model: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// How many earlier tasks the estimate rests on.
    pub sample_count: Option<u64>,
    /// When it was made, in Unix milliseconds.
    pub updated_at: Option<u64>,
    #[serde(skip)]
    raw: Box<str>,
}

impl Estimate {
    /// Reads the answer to an estimate request: none where the service has no estimate, which is no error.
    ///
    /// # Errors
    /// When the body is no answer to an estimate request.
    pub fn decode(body: &[u8]) -> Result<Option<Self>, Unreadable> {
        Object::in_answer(body, Self::of)?
    }

    fn of(answer: &Object<'_>, raw: &str) -> Result<Option<Self>, Unreadable> {
        let data = answer.object("data");
        let number = |name| data.as_ref().and_then(|data| data.get(name)).and_then(json::number_text);
        let text = |name| data.as_ref().and_then(|data| data.text(name));
        let whole = |name| data.as_ref().and_then(|data| data.get(name)).and_then(json::unsigned);
        if let Some(cost) = number("cost").and_then(|cost| cost.parse().ok()) {
            return Ok(Some(Self {
                cost,
                currency: text("currency"),
                discount: number("discount").and_then(|discount| discount.parse().ok()),
                billing_model: text("billing_model"),
                model: text("model"),
                sample_count: whole("sample_count"),
                updated_at: whole("updated_at"),
                raw: raw.into(),
            }));
        }
        let has_none = text("reason").is_some()
            || answer.text("status").is_some_and(|status| status.eq_ignore_ascii_case("failed"));
        if has_none {
            Ok(None)
        } else {
            Err(Unreadable("an answer with neither a cost nor a reason why there is none".to_owned()))
        }
    }

    /// The answer's JSON text.
    pub fn raw(&self) -> &str {
        &self.raw
    }
}

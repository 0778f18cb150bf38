//! What becomes of a body.

use serde_json::Value;

use super::table::Edit;

/// What `wrong-size` takes away.
const LACKING: usize = 1000;

/// An answer with another JSON; none where there is nothing to spoil.
pub(super) fn edit(body: &[u8], edit: Edit) -> Option<Vec<u8>> {
    let mut answer: Value = serde_json::from_slice(body).ok()?;
    let fields = answer.as_object_mut()?;
    match edit {
        Edit::NoId => {
            fields.remove("id")?;
        }
        Edit::OddStatus => {
            fields.insert("status".to_owned(), "pondering".into());
        }
        Edit::StaleStatus => {
            fields.retain(|name, _| !matches!(name.as_str(), "output" | "usage" | "error" | "metadata"));
            fields.extend([("status".to_owned(), "queued".into()), ("progress".to_owned(), 0.0.into())]);
        }
        Edit::OddProgress => {
            let progress = fields.get_mut("progress")?;
            *progress = (1.5 - progress.as_f64()?).into();
        }
        Edit::EmptyCost => {
            // A task's stands in its usage, an estimate's in its envelope.
            let place = if fields.contains_key("data") { "/data/cost" } else { "/usage/cost" };
            *answer.pointer_mut(place)? = "".into();
        }
    }
    Some(answer.to_string().into_bytes())
}

/// A byte that is no UTF-8, in the name of the model: what a client needs can still be read.
pub(super) fn not_utf8(body: &[u8]) -> Option<Vec<u8>> {
    const FIELD: &[u8] = b"\"model\":\"";
    let place = body.windows(FIELD.len()).position(|window| window == FIELD)? + FIELD.len();
    Some([&body[..place], b"\xff", &body[place..]].concat())
}

pub(super) fn first_half(body: &[u8]) -> &[u8] {
    &body[..body.len() / 2]
}

pub(super) fn wrong_size(body: &[u8]) -> &[u8] {
    &body[..body.len().saturating_sub(LACKING)]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn edited(answer: &Value, edit: Edit) -> Option<Value> {
        super::edit(answer.to_string().as_bytes(), edit).map(|body| serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn an_answer_is_spoiled_in_one_place() {
        let task = json!({"id": "a", "status": "completed", "progress": 1.0, "usage": {"cost": "0.1"}, "output": []});
        let spoiled = |edit, place: &str, value: Value| {
            let mut expected = task.clone();
            *expected.pointer_mut(place).unwrap() = value;
            assert_eq!(edited(&task, edit), Some(expected), "{place}");
        };
        spoiled(Edit::OddStatus, "/status", "pondering".into());
        spoiled(Edit::EmptyCost, "/usage/cost", "".into());
        assert_eq!(edited(&json!({"progress": 0.5}), Edit::OddProgress), Some(json!({"progress": 1.0})));
        assert_eq!(edited(&task, Edit::StaleStatus), Some(json!({"id": "a", "status": "queued", "progress": 0.0})));
        assert_eq!(edited(&json!({"data": {"cost": "1"}}), Edit::EmptyCost), Some(json!({"data": {"cost": ""}})));
    }

    #[test]
    fn what_is_not_there_is_not_spoiled() {
        let task = json!({"status": "queued"});
        for edit in [Edit::NoId, Edit::OddProgress, Edit::EmptyCost] {
            assert_eq!(edited(&task, edit), None);
        }
        assert_eq!(not_utf8(b"{}"), None);
    }
}

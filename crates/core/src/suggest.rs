/// The one of `candidates` that was probably meant by `given`, for "did you mean …?".
fn meant<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A hostile name of a megabyte must not cost a quadratic comparison.
    if given.len() > 64 {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(given, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

/// `; did you mean "…"?` with the candidate that was probably meant, to end an error's message; empty where none comes
/// near.
///
/// ```
/// let names = ["prompt", "width", "height"];
/// assert_eq!(spark_t2i_core::did_you_mean("widht", names), "; did you mean \"width\"?");
/// assert_eq!(spark_t2i_core::did_you_mean("colour", names), "");
/// ```
pub fn did_you_mean<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    meant(given, candidates).map(|meant| format!("; did you mean \"{meant}\"?")).unwrap_or_default()
}

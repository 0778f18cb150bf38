use crate::{Request, Size};

/// A kind of work, of which every task takes about as long as the others: the image's area and whether the service
/// expands the prompt first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkKind(u8);

impl WorkKind {
    /// Of a task that was not submitted here.
    pub const UNKNOWN: Self = Self(0);

    /// How many there are.
    pub const COUNT: usize = NAMES.len();

    /// The kind of the task that this request makes.
    pub fn of(request: &Request) -> Self {
        let width = request.width.unwrap_or(Size::DEFAULT.width);
        let height = request.height.unwrap_or(Size::DEFAULT.height);
        let area = u64::from(width) * u64::from(height);
        // The recommended sizes are of two areas, near 1.7 and near 4 million pixels; below them there are free ones.
        let class = match area {
            ..=1_100_000 => 0,
            1_100_001..=2_600_000 => 1,
            _ => 2,
        };
        let expands = u8::from(request.use_pre_llm.unwrap_or(true));
        Self(1 + 2 * class + expands)
    }

    /// All kinds.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).filter_map(|index| u8::try_from(index).ok().map(Self))
    }

    /// Its name in a saved profile.
    pub fn name(self) -> &'static str {
        NAMES[self.index()]
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::all().find(|kind| kind.name() == name)
    }
}

const NAMES: [&str; 7] =
    ["unknown", "small", "small+pre_llm", "standard", "standard+pre_llm", "high_definition", "high_definition+pre_llm"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recommended_sizes_are_of_two_kinds() {
        for preset in Size::PRESETS {
            let name = WorkKind::of(&Request::new("a").with_size(preset.size).use_pre_llm(false)).name();
            let expected = if preset.name.ends_with("-2k") { "high_definition" } else { "standard" };
            assert_eq!(name, expected, "{}", preset.name);
        }
        assert_eq!(WorkKind::of(&Request::new("a")).name(), "standard+pre_llm");
        assert_eq!(WorkKind::of(&Request::new("a").size(512, 512)).name(), "small+pre_llm");
        assert!(WorkKind::all().all(|kind| WorkKind::named(kind.name()) == Some(kind)));
    }
}

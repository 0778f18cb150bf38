//! The bounds of the rules, for whoever describes the parameters to others. Whether a request keeps them is asked of
//! [`Request::validate`](crate::Request::validate) alone.

/// The most characters (Unicode scalar values) that a prompt may have.
pub const MOST_CHARACTERS: usize = 800;

/// Beyond so many characters a prompt may give an abnormal image or have no effect.
pub const RECOMMENDED_CHARACTERS: usize = 120;

/// The least area of an image, in pixels.
pub const FEWEST_PIXELS: u32 = 512 * 512;

/// The largest area of an image, in pixels.
pub const MOST_PIXELS: u32 = 2048 * 2048;

/// How many times as long as the shorter side the longer one may be.
pub const WIDEST_RATIO: u32 = 3;

/// The shortest side that an image can have: the least area at the widest ratio.
pub const SHORTEST_SIDE: u32 = ((FEWEST_PIXELS - 1) / WIDEST_RATIO).isqrt() + 1;

/// The longest side that an image can have: the largest area at the widest ratio.
pub const LONGEST_SIDE: u32 = {
    // The other side is the largest that still allows the ratio, or one more, where the area is the bound.
    let other = (MOST_PIXELS / WIDEST_RATIO).isqrt();
    let (by_ratio, by_area) = (other * WIDEST_RATIO, MOST_PIXELS / (other + 1));
    if by_ratio > by_area { by_ratio } else { by_area }
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;

    #[test]
    fn the_bounds_of_a_side_are_those_of_the_rules() {
        let possible = |side| (1..=4 * side).any(|other| Request::new("a").size(side, other).validate().is_valid());
        assert!(possible(SHORTEST_SIDE) && !possible(SHORTEST_SIDE - 1));
        assert!(possible(LONGEST_SIDE) && !possible(LONGEST_SIDE + 1));
    }
}

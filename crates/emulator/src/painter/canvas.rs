//! Where a picture is put together: its measures, and a band of rows at a time.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "pixels are counted far below 2^24, and clamped to the band before they are an index"
)]

use super::arithmetic::saturate;
use super::color::Lab;

/// The measures of a picture. Its area is 1 whatever its size and shape, so that a composition is the same picture at
/// every size, and as dense in a panorama as in a square.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// The side of one pixel.
    pub(super) pixel: f32,
    pub(super) width: f32,
    pub(super) height: f32,
}

impl Frame {
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        let pixel = 1.0 / (columns as f32 * rows as f32).sqrt();
        Self { columns, rows, pixel, width: columns as f32 * pixel, height: rows as f32 * pixel }
    }

    /// The place of a pixel's middle.
    #[inline]
    pub(super) fn place(&self, index: usize) -> f32 {
        (index as f32 + 0.5) * self.pixel
    }

    /// The shorter side.
    pub(super) fn short(&self) -> f32 {
        self.width.min(self.height)
    }

    /// How much of a pixel is inside of a border at a signed distance (below 0 is inside).
    #[inline]
    pub(super) fn cover(&self, distance: f32) -> f32 {
        saturate(0.5 - distance / self.pixel)
    }
}

/// Some rows of a picture while it is painted.
#[derive(Clone, Debug)]
pub(super) struct Band {
    pub(super) frame: Frame,
    /// The row of the picture that comes first here.
    pub(super) top: usize,
    pub(super) rows: usize,
    colors: Vec<Lab>,
}

impl Band {
    pub(super) const ROWS: usize = 32;

    pub(super) fn new(frame: Frame) -> Self {
        Self { frame, top: 0, rows: 0, colors: vec![Lab::new(0.0, 0.0, 0.0); frame.columns * Self::ROWS] }
    }

    /// Moves on to the rows from `top`.
    pub(super) fn turn_to(&mut self, top: usize) {
        self.top = top;
        self.rows = Self::ROWS.min(self.frame.rows - top);
    }

    pub(super) fn row(&mut self, index: usize) -> &mut [Lab] {
        let columns = self.frame.columns;
        &mut self.colors[index * columns..(index + 1) * columns]
    }

    /// Every row with the vertical place of its middle.
    pub(super) fn each_row(&mut self, mut paint: impl FnMut(usize, f32, &mut [Lab])) {
        for index in 0..self.rows {
            let (y, place) = (self.top + index, self.frame.place(self.top + index));
            paint(y, place, self.row(index));
        }
    }

    /// Paints over every pixel of a rectangle (in places, left, top, right, bottom): with what share of which colour is
    /// up to `color`, from the place of the pixel.
    #[inline]
    pub(super) fn stamp(&mut self, [left, top, right, bottom]: [f32; 4], color: impl Fn(f32, f32) -> (f32, Lab)) {
        let frame = self.frame;
        let first = (top / frame.pixel - 1.0) as isize;
        let last = (bottom / frame.pixel + 2.0) as isize;
        let start = (left / frame.pixel - 1.0).max(0.0) as usize;
        let end = ((right / frame.pixel + 2.0).max(0.0) as usize).min(frame.columns);
        let rows = (first - self.top as isize).max(0)..(last - self.top as isize).min(self.rows as isize);
        if start >= end {
            return;
        }
        for index in rows {
            let index = index as usize;
            let y = frame.place(self.top + index);
            for (offset, target) in self.row(index)[start..end].iter_mut().enumerate() {
                let (share, color) = color(frame.place(start + offset), y);
                *target = target.mixed(color, share);
            }
        }
    }
}

/// A smooth function over the whole picture, known at points several pixels apart and read, row by row, as the cubic
/// B-spline over them: no kinks even in its slope, at a small part of the price.
#[derive(Clone, Debug)]
pub(super) struct Field {
    cell: usize,
    across: usize,
    points: Vec<f32>,
    line: Vec<f32>,
    columns: usize,
}

/// The weights of the four points around a place, `share` of the way from the second to the third.
#[inline]
fn spline(share: f32) -> [f32; 4] {
    let (s, t) = (share, 1.0 - share);
    let (s3, t3) = (s * s * s, t * t * t);
    let third = (4.0 - 6.0 * t * t + 3.0 * t3) / 6.0;
    [t3 / 6.0, 1.0 - third - t3 / 6.0 - s3 / 6.0, third, s3 / 6.0]
}

impl Field {
    /// `finest` is the width of the smallest feature of the function.
    pub(super) fn new(frame: &Frame, finest: f32, function: impl Fn(f32, f32) -> f32) -> Self {
        let mut cell = 1;
        while cell < 16 && (cell * 2) as f32 * frame.pixel * 4.0 <= finest {
            cell *= 2;
        }
        let (across, down) = (frame.columns / cell + 5, frame.rows / cell + 5);
        let place = |index: usize| ((index as f32 - 1.0) * cell as f32 + 0.5) * frame.pixel;
        let points = (0..across * down).map(|index| function(place(index % across), place(index / across))).collect();
        Self { cell, across, points, line: vec![0.0; across], columns: frame.columns }
    }

    /// The values along row `y`, which may be one past the last.
    pub(super) fn row(&mut self, y: usize, values: &mut Vec<f32>) {
        let [w0, w1, w2, w3] = spline((y % self.cell) as f32 / self.cell as f32);
        let start = y / self.cell * self.across;
        let rows = |index: usize| &self.points[start + index * self.across..start + (index + 1) * self.across];
        let (r0, r1, r2, r3) = (rows(0), rows(1), rows(2), rows(3));
        for (index, value) in self.line.iter_mut().enumerate() {
            *value = w0 * r0[index] + w1 * r1[index] + w2 * r2[index] + w3 * r3[index];
        }
        let steps: Vec<_> = (0..self.cell).map(|step| spline(step as f32 / self.cell as f32)).collect();
        values.resize(self.columns.next_multiple_of(self.cell), 0.0);
        for (values, around) in values.chunks_exact_mut(self.cell).zip(self.line.windows(4)) {
            for (value, weights) in values.iter_mut().zip(&steps) {
                *value =
                    weights[0] * around[0] + weights[1] * around[1] + weights[2] * around[2] + weights[3] * around[3];
            }
        }
        values.truncate(self.columns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_follows_its_function() {
        for (columns, rows) in [(1, 1), (7, 3), (640, 400), (333, 1000)] {
            let frame = Frame::new(columns, rows);
            let mut field = Field::new(&frame, 0.5, |x, y| 2.0 * x - y);
            let mut values = Vec::new();
            for y in [0, rows / 2, rows - 1, rows] {
                field.row(y, &mut values);
                assert_eq!(values.len(), columns);
                for (x, value) in values.iter().enumerate() {
                    assert!((value - (2.0 * frame.place(x) - frame.place(y))).abs() < 1e-3);
                }
            }
        }
    }
}

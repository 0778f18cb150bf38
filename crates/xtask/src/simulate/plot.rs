//! The plot: mean lag over requests a task, both on logarithmic scales, one curve a policy.

use std::fmt::Write as _;

use spark_t2i_core::polling::Cost;

use super::PRICE;
use super::policy::{google, mean_aws, optimum, ours};
use super::world::{Truth, every};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 500.0;
/// Inside of the axes: left, top, width, height.
const PANELS: [(f64, f64); 2] = [(70.0, 62.0), (535.0, 62.0)];
const INNER: (f64, f64) = (395.0, 330.0);
const REQUESTS: (f64, f64) = (1.4, 25.0);
const LAG: (f64, f64) = (0.2, 8.0);

/// A curve: its colour, its width, its dashes, and its points with the labels of those that stand out.
struct Curve {
    name: &'static str,
    colour: &'static str,
    width: f64,
    dashes: &'static str,
    points: Vec<(Cost, Option<String>)>,
}

/// The whole picture.
pub(crate) fn curves(seed: u64) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"12\" fill=\"#222\">\n\
         <title>Mean lag over requests a task, by polling policy</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    let mut legend = Vec::new();
    for ((left, top), sigma) in PANELS.into_iter().zip([0.25, 0.5]) {
        let curves = all(&Truth::LogNormal(12.0, sigma), seed);
        axes(&mut svg, left, top, &format!("Tasks of 12 s (median), σ of ln T = {sigma}"));
        // What is clipped lies outside of the scales.
        for curve in &curves {
            draw(&mut svg, left, top, curve);
        }
        legend = curves.into_iter().map(|curve| (curve.name, curve.colour, curve.width, curve.dashes)).collect();
    }
    for (index, (name, colour, width, dashes)) in legend.into_iter().enumerate() {
        let left = 70.0 + [0.0, 165.0, 395.0, 545.0, 710.0][index % 5];
        _ = writeln!(
            svg,
            "<line x1=\"{left}\" y1=\"468\" x2=\"{}\" y2=\"468\" stroke=\"{colour}\" stroke-width=\"{width}\"{dashes}/>\
             <text x=\"{}\" y=\"472\">{name}</text>",
            left + 30.0,
            left + 38.0
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn all(truth: &Truth, seed: u64) -> Vec<Curve> {
    let prices = [0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 3.0];
    let by_price = |cost: &dyn Fn(f64) -> Cost, labelled: bool| {
        let label = |price: f64| (labelled && (price - PRICE).abs() < 1e-9).then(|| "0.1 s a request".to_owned());
        prices.iter().map(|price| (cost(*price), label(*price))).collect()
    };
    let intervals = [0.4, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 12.0];
    let scales = [0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.4, 2.0];
    let by_scale = |cost: &dyn Fn(f64) -> Cost| {
        let label = |scale: f64| ((scale - 1.0).abs() < 1e-9).then(|| "default".to_owned());
        scales.iter().map(|scale| (cost(*scale), label(*scale))).collect()
    };
    vec![
        Curve {
            name: "the optimum",
            colour: "#f2b134",
            width: 7.0,
            dashes: "",
            points: by_price(&|price| optimum(truth, price), false),
        },
        Curve {
            name: "ours, after 50 completions",
            colour: "#14508c",
            width: 2.2,
            dashes: "",
            points: by_price(&|price| ours(None, truth, price, &[50], seed)[0], true),
        },
        Curve {
            name: "fixed interval",
            colour: "#b3262e",
            width: 2.0,
            dashes: "",
            points: intervals
                .iter()
                .map(|interval| {
                    let label = [1.0, 3.0, 5.0].contains(interval).then(|| format!("{interval} s"));
                    (truth.cost_of(every(*interval)), label)
                })
                .collect(),
        },
        Curve {
            name: "Google's clients",
            colour: "#3c7d3c",
            width: 2.0,
            dashes: " stroke-dasharray=\"7 4\"",
            points: by_scale(&|scale| truth.cost_of(google(scale))),
        },
        Curve {
            name: "AWS waiters",
            colour: "#7a4fa3",
            width: 2.0,
            dashes: " stroke-dasharray=\"2 3\"",
            points: by_scale(&|scale| mean_aws(truth, scale, seed)),
        },
    ]
}

fn place(left: f64, top: f64, requests: f64, lag: f64) -> (f64, f64) {
    let share = |value: f64, (least, most): (f64, f64)| (value / least).ln() / (most / least).ln();
    (left + INNER.0 * share(requests, REQUESTS), top + INNER.1 * (1.0 - share(lag, LAG)))
}

fn axes(svg: &mut String, left: f64, top: f64, title: &str) {
    let (right, bottom) = (left + INNER.0, top + INNER.1);
    _ = writeln!(
        svg,
        "<clipPath id=\"inside-{left}\"><rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\"/></clipPath>\n\
         <text x=\"{left}\" y=\"{}\" font-size=\"14\" font-weight=\"bold\">{title}</text>",
        INNER.0,
        INNER.1,
        top - 16.0
    );
    for requests in [1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0] {
        let (x, _) = place(left, top, requests, 1.0);
        _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {top}V{bottom}\" stroke=\"#e3e3e3\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{requests}</text>",
            bottom + 17.0
        );
    }
    for lag in [0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0] {
        let (_, y) = place(left, top, 2.0, lag);
        _ = writeln!(
            svg,
            "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#e3e3e3\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{lag} s</text>",
            left - 7.0,
            y + 4.0
        );
    }
    _ = writeln!(
        svg,
        "<path d=\"M{left} {top}V{bottom}H{right}\" fill=\"none\" stroke=\"#555\"/>\n\
         <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">requests a task (logarithmic)</text>\n\
         <text transform=\"translate({} {}) rotate(-90)\" text-anchor=\"middle\">mean lag (logarithmic)</text>",
        left + INNER.0 / 2.0,
        bottom + 38.0,
        left - 48.0,
        top + INNER.1 / 2.0
    );
}

fn draw(svg: &mut String, left: f64, top: f64, curve: &Curve) {
    let mut path = String::new();
    for (index, (cost, _)) in curve.points.iter().enumerate() {
        let (x, y) = place(left, top, cost.requests, cost.lag);
        _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { "M" } else { "L" });
    }
    _ = writeln!(
        svg,
        "<g clip-path=\"url(#inside-{left})\"><path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" \
         stroke-linejoin=\"round\"{}/></g>",
        curve.colour, curve.width, curve.dashes
    );
    let inside =
        |cost: &Cost| (REQUESTS.0..=REQUESTS.1).contains(&cost.requests) && (LAG.0..=LAG.1).contains(&cost.lag);
    for (cost, label) in curve.points.iter().filter(|(cost, _)| inside(cost)) {
        if let Some(label) = label {
            let (x, y) = place(left, top, cost.requests, cost.lag);
            // Ours lies below the others, and so does its label.
            let (dx, dy, anchor) =
                if curve.name.starts_with("ours") { (-8.0, 15.0, "end") } else { (8.0, -5.0, "start") };
            _ = writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\" stroke=\"#fff\" stroke-width=\"3\" \
                 paint-order=\"stroke\">{label}</text>",
                x + dx,
                y + dy,
                colour = curve.colour
            );
        }
    }
}

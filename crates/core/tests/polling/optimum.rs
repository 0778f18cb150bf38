//! The plan against reference values that were computed elsewhere.

use serde_json::Value;
use spark_t2i_core::polling::Plan;

use crate::world::{Truth, every, growing};

fn cases() -> Vec<(Truth, f64, Value)> {
    let file: Value = serde_json::from_str(include_str!("optimum.json")).expect("the file is JSON");
    let number = |case: &Value, name: &str| case[name].as_f64().expect("a number");
    let cases = file["cases"].as_array().expect("a list");
    cases
        .iter()
        .map(|case| {
            let truth = Truth::LogNormal(number(case, "median_s"), number(case, "sigma"));
            (truth, number(case, "price_s"), case.clone())
        })
        .collect()
}

#[test]
fn the_table_is_the_optimum_that_the_reference_gives() {
    let cases = cases();
    assert_eq!(cases.len(), 36);
    for (truth, price, case) in cases {
        let plan = truth.optimum(price, 3000);
        for (what, got, expected) in [
            ("cost", plan.cost().at(price), case["cost_s"].as_f64()),
            ("requests", plan.cost().requests, case["requests"].as_f64()),
            ("lag", plan.cost().lag, case["mean_lag_s"].as_f64()),
        ] {
            let expected = expected.expect("a number");
            assert!((got / expected - 1.0).abs() < 0.02, "{truth:?} at {price}: {what} {got}, not {expected}");
        }
        let mut age = 0.0;
        for expected in case["first_ages_s"].as_array().expect("a list").iter().take(8) {
            age = plan.next(age);
            let expected = expected.as_f64().expect("a number");
            assert!((age / expected - 1.0).abs() < 0.015, "{truth:?} at {price}: asks at {age}, not {expected}");
        }
    }
}

#[test]
fn what_a_plan_says_it_costs_is_what_it_costs() {
    for (truth, price, _) in cases() {
        let plan = truth.optimum(price, 3000);
        let ages = std::iter::successors(Some(plan.next(0.0)), |age| Some(plan.next(*age)));
        let (said, real) = (plan.cost().at(price), truth.cost_of(ages).at(price));
        assert!((real / said - 1.0).abs() < 0.01, "{truth:?} at {price}: {said} said, {real}");
        assert!(real < truth.cost_of(every(3.0)).at(price), "{truth:?} at {price}");
        assert!(real < truth.cost_of(growing(1.0, 1.5, 20.0)).at(price), "{truth:?} at {price}");
    }
}

#[test]
fn the_table_agrees_with_the_rule_that_needs_none() {
    let (truth, price) = (Truth::LogNormal(12.0, 0.5), 0.02);
    let plan = truth.optimum(price, 3000);
    for age in [8.0, 10.0, 12.0, 15.0, 20.0, 25.0] {
        let hazard = 1.0 - truth.survival(age + 0.01) / truth.survival(age);
        let (rule, gap) = ((2.0 * price / (hazard / 0.01)).sqrt(), plan.next(age) - age);
        assert!((gap / rule - 1.0).abs() < 0.08, "at {age} s a gap of {gap} s, by the rule {rule} s");
    }
}

#[test]
fn beyond_the_table_gaps_grow_slowly_and_never_stop() {
    let plan = Truth::LogNormal(12.0, 0.25).optimum(0.1, 3000);
    let mut age = 40.0;
    for _ in 0..1000 {
        let gap = plan.next(age) - age;
        assert!(gap > 0.0 && gap < 1.0 + age / 4.0, "at {age} s a gap of {gap} s");
        age += gap;
    }
}

#[test]
fn what_is_no_distribution_makes_no_plan() {
    let fine = Plan::optimal(&[1.0, 2.0, 3.0], &[0.9, 0.4, 0.0], 0.1);
    assert!(fine.is_some_and(|plan| plan.next(0.0) > 0.0));
    for (ages, survival, price) in [
        (&[1.0, 2.0][..], &[0.5, 0.6][..], 0.1),
        (&[2.0, 1.0], &[0.5, 0.4], 0.1),
        (&[0.0, 1.0], &[0.5, 0.4], 0.1),
        (&[1.0, 2.0], &[0.5], 0.1),
        (&[1.0, 2.0], &[f64::NAN, 0.1], 0.1),
        (&[1.0, 2.0], &[0.5, -0.1], 0.1),
        (&[1.0, f64::INFINITY], &[0.5, 0.1], 0.1),
        (&[1.0, 2.0], &[0.5, 0.1], 0.0),
        (&[1.0, 2.0], &[0.5, 0.1], f64::NAN),
        (&[1.0], &[0.5], 0.1),
        (&[], &[], 0.1),
    ] {
        assert!(Plan::optimal(ages, survival, price).is_none(), "{ages:?} {survival:?} {price}");
    }
}

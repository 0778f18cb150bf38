use std::time::Duration;
use spark_t2i_core::polling::*;
use crate::world::*;

const KIND: fn() -> WorkKind = || WorkKind::UNKNOWN;

#[test]
fn sequential() {
    for dated in [false, true] {
    for median in [2.0, 12.0, 60.0] {
        for sigma in [0.25, 0.5, 1.0] {
            let truth = Truth::LogNormal(median, sigma);
            let best = truth.optimum(0.1, 20000).cost().at(0.1);
            let seeds = 60;
            let (mut c20, mut c50, mut c200, mut f20) = (0.0, 0.0, 0.0, 0.0);
            let mut fk = [0.0; 20];
            for seed in 0..seeds {
                let mut random = Random(seed * 7919 + 1);
                let mut engine = Engine::new(EngineOptions { seed, ..Default::default() });
                let mut now = 0.0; let world = World { dated, ..Default::default() };
                let took: Vec<f64> = (0..200).map(|_| truth.draw(&mut random)).collect();
                let until = truth.exceeded_with(1e-7);
                let eval = |e: &Engine| truth.cost_of(asked_by(e, KIND(), Duration::from_secs(1_000_000), until)).at(0.1) / best;
                // expected cost of each of the first 20
                for k in 0..20 { let x = eval(&engine); fk[k] += x / seeds as f64; f20 += x / 20.0; world.one_by_one(&mut engine, KIND(), &mut now, &took[k..k+1]); }
                c20 += eval(&engine);
                world.one_by_one(&mut engine, KIND(), &mut now, &took[20..50]);
                c50 += eval(&engine);
                world.one_by_one(&mut engine, KIND(), &mut now, &took[50..200]);
                c200 += eval(&engine);
            }
            let n = seeds as f64;
            let fixed = truth.cost_of(every(1.0)).at(0.1).min(truth.cost_of(every(3.0)).at(0.1)) / best;
            println!("{dated} {median:>3} {sigma:.2}  best {best:.4} first20 {:.3} (fixed {fixed:.3}, ratio {:.3})  k0 {:.3} k1 {:.3} k2 {:.3} k5 {:.3} k10 {:.3} after20 {:.3}  after50 {:.3} after200 {:.3}", f20/n, f20/n/fixed, fk[0], fk[1], fk[2], fk[5], fk[10], c20/n, c50/n, c200/n);
        }
    }}
}
#[test]
fn look() {
    let truth = Truth::LogNormal(12.0, 0.25);
    let mut random = Random(1);
    let mut engine = Engine::new(EngineOptions::default());
    let mut now = 0.0; let world = World::default();
    let took: Vec<f64> = (0..60).map(|_| truth.draw(&mut random)).collect();
    for k in 0..60 {
        let ages = asked_by(&engine, KIND(), Duration::from_secs(1_000_000), 30.0);
        let q: Vec<String> = [0.02,0.16,0.5,0.84,0.98].iter().filter_map(|s| engine.quantile(KIND(), *s)).map(|q| format!("{:.2}", q.as_secs_f64())).collect();
        println!("{k} {q:?} {} {:.2?} {:?}", ages.len(), &ages[..ages.len().min(6)], serde_json::to_string(&engine.profile()).map(|s| s.len()));
        world.one_by_one(&mut engine, KIND(), &mut now, &took[k..k+1]);
    }
}

//! `spark-t2i estimate`: what an image would cost.

use serde::Serialize;
use serde_json::value::RawValue;
use spark_t2i::{Decimal, Error, Estimate, Request, printable};

use crate::arguments;
use crate::failure::Failure;
use crate::figures;
use crate::output;
use crate::session::Session;

pub(crate) fn run(arguments: &arguments::Estimate) -> Result<(), Failure> {
    let request = arguments.request.read(arguments.output)?;
    let session = Session::open(&arguments.service, arguments.local, arguments.output)?;
    Ok(session.run(async |session| estimate(session, &request).await)?)
}

/// The JSON form of an estimate that the service does not have: the same fields.
#[derive(Serialize, Default)]
struct NoEstimate {
    cost: Option<Decimal>,
    currency: Option<String>,
    discount: Option<Box<RawValue>>,
    billing_model: Option<String>,
    model: Option<String>,
    sample_count: Option<u64>,
    updated_at: Option<u64>,
}

async fn estimate(session: &Session, request: &Request) -> Result<(), Error> {
    session.progress.asking(None);
    let estimate = session.client.estimate(request).await?;
    session.progress.clear();
    match &estimate {
        Some(estimate) if session.output.json => output::json(estimate),
        None if session.output.json => output::json(&NoEstimate::default()),
        Some(estimate) => output::line(&for_people(estimate)),
        None => output::line("no estimate: the service has none for such a request yet"),
    }
}

fn for_people(estimate: &Estimate) -> String {
    let currency = estimate.currency.as_deref().unwrap_or("USD");
    let mut about = Vec::new();
    if let Some(discount) = &estimate.discount {
        about.push(format!("discount {discount}"));
    }
    if let Some(samples) = estimate.sample_count {
        about.push(format!("from {}", figures::count(samples, "earlier task")));
    }
    let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
    format!("{} {}{about}", estimate.cost, printable(currency, 20))
}

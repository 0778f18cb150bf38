//! `spark-t2i submit`: a task, and no waiting.

use spark_t2i::{Error, Request};

use crate::arguments::Submit;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::output;
use crate::resume::Resume;
use crate::session::Session;

pub(crate) fn run(arguments: &Submit) -> Result<(), Failure> {
    let request = arguments.request.read(arguments.output)?;
    let session = Session::open(&arguments.service, false, arguments.output)?;
    session
        .run(async |session| submit(session, &request).await)
        .map_err(|error| Failure::new(error, Resume::new(&arguments.service)))
}

async fn submit(session: &Session, request: &Request) -> Result<(), Error> {
    session.progress.submitting();
    let task = session.client.submit(request).await?;
    let id = task.id();
    session.knows(id);
    session.progress.clear();
    let told = if session.output.json {
        output::json(&Outcome::of(session, id, task.snapshot().as_deref(), Some(request)))
    } else {
        output::line(id.as_str())
    };
    // An id that nobody reads is a lost task.
    told.map_err(|error| error.with_task_id(id))
}

//! `spark-t2i task`: a task that is known by its id, whoever submitted it.

use spark_t2i::{Error, Status, Task};

use crate::arguments;
use crate::failure::Failure;
use crate::follow::follow;
use crate::generate::finish;
use crate::outcome::Outcome;
use crate::output;
use crate::resume::Resume;
use crate::session::Session;
use crate::target::Target;

pub(crate) fn run(arguments: &arguments::Task) -> Result<(), Failure> {
    let target = Target::of(&arguments.file, None, arguments.output)?;
    let session = Session::open(&arguments.service, false, arguments.output)?;
    let task = session.client.task(&arguments.id)?;
    session.knows(task.id());
    let work = async |session: &Session| {
        session.progress.asking(Some(task.id()));
        match &target {
            Some(target) => finish(session, follow(session, &task).await?, None, target).await,
            None if arguments.wait => wait(session, &task).await,
            None => look(session, &task).await,
        }
    };
    session
        .run(work)
        .map_err(|error| Failure::new(error, Resume::new(&arguments.service).into_file(&arguments.file, None)))
}

async fn wait(session: &Session, task: &Task) -> Result<(), Error> {
    let followed = follow(session, task).await?;
    session.progress.clear();
    tell(session, &Outcome::finished(session, &followed.image, None, followed.lag, None), None)
        .map_err(|error| error.with_task_id(task.id()))
}

async fn look(session: &Session, task: &Task) -> Result<(), Error> {
    let snapshot = task.refresh().await?;
    if snapshot.status == Status::Failed {
        // What a wait would say of it; nothing more is sent for that.
        return task.wait_for(session.remaining()).await.map(drop);
    }
    session.progress.clear();
    tell(session, &Outcome::of(session, task.id(), Some(&snapshot), None), snapshot.progress)
        .map_err(|error| error.with_task_id(task.id()))
}

fn tell(session: &Session, outcome: &Outcome, progress: Option<f64>) -> Result<(), Error> {
    if session.output.json { output::json(outcome) } else { output::line(&outcome.table(progress)) }
}

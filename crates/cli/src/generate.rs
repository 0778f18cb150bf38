//! `spark-t2i generate`: from a prompt to a file.

use spark_t2i::{Error, Request};

use crate::arguments::Generate;
use crate::failure::Failure;
use crate::follow::follow;
use crate::outcome::Outcome;
use crate::output;
use crate::resume::Resume;
use crate::session::Session;
use crate::target::Target;

pub(crate) fn run(arguments: &Generate) -> Result<(), Failure> {
    let request = arguments.request.read(arguments.output)?;
    let target = Target::of(&arguments.file, Some(&request), arguments.output)?
        .ok_or_else(|| Error::internal("an image of a request has no place"))?;
    let session = Session::open(&arguments.service, arguments.local, arguments.output)?;
    session.run(async |session| generate(session, &request, &target).await).map_err(|error| {
        let resume = Resume::new(&arguments.service).local(arguments.local);
        Failure::new(error, resume.into_file(&arguments.file, Some(&request)))
    })
}

async fn generate(session: &Session, request: &Request, target: &Target) -> Result<(), Error> {
    session.progress.submitting();
    let task = session.client.submit(request).await?;
    session.knows(task.id());
    let followed = follow(session, &task).await?;
    finish(session, followed, Some(request), target).await
}

/// Saves the image of a finished task and says so.
pub(crate) async fn finish(
    session: &Session,
    followed: crate::follow::Followed,
    request: Option<&Request>,
    target: &Target,
) -> Result<(), Error> {
    let image = followed.image;
    let saved = target.save(&image, session).await?;
    let outcome = Outcome::finished(session, &image, request, followed.lag, saved.as_ref());
    let told = match &saved {
        Some(_) if session.output.json => output::json(&outcome),
        Some(saved) => session.output.saved(&saved.path, &outcome.summary(Some(&saved.path))),
        None => {
            session.output.note(&outcome.summary(None));
            Ok(())
        }
    };
    told.map_err(|error| error.with_task_id(image.task_id()))
}

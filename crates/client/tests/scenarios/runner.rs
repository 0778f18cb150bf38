//! What a case says, done with the client: the contract of `tests/conformance/README.md` for Rust.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::{FutureExt, StreamExt, future};
use serde::Serialize;
use serde_json::{Map, Value, json};
use spark_t2i::{Client, Error, OnOutcomeUnknown, Request, SaveOptions, Task};

/// Makes the call of a case, and tells what came of it as the judge wants it.
pub(crate) async fn outcome(case: &Value) -> Value {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let begin = Instant::now();
    let mut outcome = match client(&case["options"], folder.path()) {
        Ok(client) => {
            let call = &case["call"];
            let mut outcome = match call["copies"].as_u64() {
                None => once(&client, call, folder.path()).await,
                Some(copies) => {
                    let copies = (0..copies).map(|_| once(&client, call, folder.path()));
                    json!({"each": future::join_all(copies).await})
                }
            };
            outcome["stats"] = json(&client.stats());
            outcome
        }
        Err(error) => json!({"error": error}),
    };
    outcome["seconds"] = json(&begin.elapsed().as_secs_f64());
    outcome["folder"] = files(folder.path());
    outcome
}

fn client(options: &Value, folder: &Path) -> Result<Client, Error> {
    let mut client = Client::builder();
    for (name, value) in options.as_object().into_iter().flatten() {
        let text = || value.as_str().expect("a text");
        let number = || value.as_f64().expect("a number");
        let whole = || value.as_u64().expect("a whole number");
        let seconds = || Duration::from_secs_f64(number());
        client = match name.as_str() {
            "api_key" => client.api_key(text()),
            "base_url" => client.base_url(text()),
            "connect_timeout_seconds" => client.connect_timeout(seconds()),
            "request_timeout_seconds" => client.request_timeout(seconds()),
            "wait_timeout_seconds" => client.wait_timeout(seconds()),
            "max_retries" => client.max_retries(whole().try_into().expect("a small number")),
            "max_requests_per_second" => client.max_requests_per_second(number()),
            "max_in_flight" => client.max_in_flight(whole().try_into().expect("a small number")),
            "poll_interval_seconds" => client.poll_interval(seconds()),
            "user_agent_suffix" => client.user_agent_suffix(text()),
            "headers" => value
                .as_object()
                .expect("an object")
                .iter()
                .fold(client, |client, (name, value)| client.header(name, value.as_str().expect("a text"))),
            "on_outcome_unknown" => client.on_outcome_unknown(match text() {
                "fail" => OnOutcomeUnknown::Fail,
                "resubmit" => OnOutcomeUnknown::Resubmit,
                other => panic!("on_outcome_unknown: {other}"),
            }),
            "ca_bundle_pem" => {
                // Outside of the folder that is looked at in the end.
                let file = folder.with_extension("pem");
                fs::write(&file, text()).expect("the bundle can be written");
                client.ca_bundle(file)
            }
            other => panic!("no such option: {other}"),
        };
    }
    client.build()
}

async fn once(client: &Client, call: &Value, folder: &Path) -> Value {
    let work = make(client, call, folder).map(|result| match result {
        Ok(result) => json!({"result": result}),
        Err(error) => json!({"error": error}),
    });
    match call["cancel_after_seconds"].as_f64() {
        None => work.await,
        // In Rust, dropping the future is the whole of cancelling.
        Some(seconds) => tokio::time::timeout(Duration::from_secs_f64(seconds), work)
            .await
            .unwrap_or_else(|_| json!({"cancelled": true})),
    }
}

async fn make(client: &Client, call: &Value, folder: &Path) -> Result<Value, Error> {
    let word = call["do"].as_str().expect("the schema says so");
    match word {
        "submit" => {
            let task = client.submit(&request(&call["parameters"])).await?;
            Ok(json!({"task_id": task.id(), "status": task.status()}))
        }
        "generate" => client.generate(request(&call["parameters"])).await.map(|image| json(&image)),
        "wait" => task(client, call).await?.wait().await.map(|image| json(&image)),
        "refresh" => task(client, call).await?.refresh().await.map(|snapshot| json(&*snapshot)),
        "estimate" => client.estimate(&request(&call["parameters"])).await.map(|estimate| json(&estimate)),
        "events" => {
            let events: Vec<_> = task(client, call).await?.events().collect().await;
            Ok(json(&events))
        }
        "generate_many" => {
            let requests: Vec<_> = call["requests"].as_array().into_iter().flatten().map(request).collect();
            let mut all: Vec<_> = client.generate_many(requests).collect().await;
            all.sort_by_key(|generated| generated.index);
            let each = all.iter().map(|generated| match &generated.result {
                Ok(image) => json!({"index": generated.index, "result": image}),
                Err(error) => json!({"index": generated.index, "error": error}),
            });
            Ok(each.collect())
        }
        "bytes" => {
            let bytes = task(client, call).await?.wait().await?.bytes().await?;
            Ok(json!({"bytes": bytes.len(), "crc32": crc32fast::hash(&bytes)}))
        }
        "save" => {
            let path = folder.join(call["file"].as_str().expect("the schema says so"));
            prepare(&path, &call["existing"]);
            let options = SaveOptions::default().overwrite(call["overwrite"] == true);
            let saved = task(client, call).await?.wait().await?.save_with(&path, options).await?;
            let name = saved.path.file_name().map(|name| name.to_string_lossy().into_owned());
            Ok(json!({"file": name, "bytes": saved.bytes}))
        }
        other => panic!("no such call: {other}"),
    }
}

/// The task with the id that the call names, or else one that is submitted now.
async fn task(client: &Client, call: &Value) -> Result<Task, Error> {
    match call["task_id"].as_str() {
        Some(id) => client.task(id),
        None => client.submit(&request(&call["parameters"])).await,
    }
}

/// The typed request: what is wrong with it is for the client to find.
fn request(parameters: &Value) -> Request {
    let mut request = Request::new(parameters["prompt"].as_str().expect("a text"));
    for (name, value) in parameters.as_object().into_iter().flatten() {
        request = match name.as_str() {
            "prompt" => request,
            "use_pre_llm" => request.use_pre_llm(value.as_bool().expect("a boolean")),
            "seed" => request.seed(value.as_i64().expect("a whole number")),
            // They go together: a request that has one alone cannot be written in Rust.
            "width" | "height" => {
                let side =
                    |name: &str| parameters[name].as_u64().and_then(|side| side.try_into().ok()).expect("a side");
                request.size(side("width"), side("height"))
            }
            other => panic!("no such parameter: {other}"),
        }
    }
    request
}

fn prepare(path: &Path, existing: &Value) {
    match existing {
        Value::Null => {}
        Value::String(content) => fs::write(path, content).expect("a file can be made"),
        _ => fs::create_dir(path).expect("a folder can be made"),
    }
}

/// What is in the folder, by name; of a file its length and CRC-32.
fn files(folder: &Path) -> Value {
    let mut files = Map::new();
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let content = fs::read(entry.path());
        let about =
            content.map_or(Value::Null, |bytes| json!({"bytes": bytes.len(), "crc32": crc32fast::hash(&bytes)}));
        files.insert(entry.file_name().to_string_lossy().into_owned(), about);
    }
    let list =
        files.into_iter().map(|(name, about)| json!({"name": name, "bytes": about["bytes"], "crc32": about["crc32"]}));
    list.collect()
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("it is JSON")
}

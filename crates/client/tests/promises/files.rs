//! Promise 8: files are whole or absent.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use spark_t2i::{ErrorKind, Image, Request, SaveOptions, TaskId};

use crate::scripted::{Act, ID, Scripted, Seen, completed, png, with_image};

async fn image(server: &Scripted) -> Image {
    server.builder().build().unwrap().generate(Request::new("a fox")).await.unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_file_that_is_there_is_not_touched_unless_asked() {
    let server = with_image(|_, _| Act::Reply(200, vec![], png()), None);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fox.png");
    fs::write(&path, "precious").unwrap();
    let image = image(&server).await;
    let error = image.save(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("fox.png"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    assert!(!server.seen().iter().any(Seen::is_image), "nothing was fetched in vain");
    image.save_with(&path, SaveOptions::default().overwrite(true)).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), png());
    assert_eq!(files(folder.path()), ["fox.png"]);
}

/// The file appears while the image is on its way.
#[tokio::test]
async fn a_file_that_appears_meanwhile_is_not_touched_either() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fox.png");
    let target = path.clone();
    let server = with_image(
        move |_, _| {
            fs::write(&target, "precious").unwrap();
            Act::Reply(200, vec![], png())
        },
        None,
    );
    assert_eq!(image(&server).await.save(&path).await.unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    assert_eq!(files(folder.path()), ["fox.png"]);
}

#[tokio::test]
async fn places_that_cannot_be_written_are_named() {
    let server = with_image(|_, _| Act::Reply(200, vec![], png()), None);
    let image = image(&server).await;
    let folder = tempfile::tempdir().unwrap();
    for path in [
        folder.path().to_owned(),
        folder.path().join("no/such/folder/fox.png"),
        folder.path().join(".."),
        "/proc/fox.png".into(),
        "".into(),
    ] {
        let error = image.save(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{}", path.display());
        assert!(error.message().contains(&path.display().to_string()), "{error}");
    }
    #[cfg(unix)]
    {
        let (link, other) = (folder.path().join("link.png"), folder.path().join("other.png"));
        fs::write(&other, "precious").unwrap();
        std::os::unix::fs::symlink(&other, &link).unwrap();
        assert_eq!(image.save(&link).await.unwrap_err().kind(), ErrorKind::Io);
        image.save_with(&link, SaveOptions::default().overwrite(true)).await.unwrap();
        assert_eq!(fs::read(&other).unwrap(), b"precious", "the file behind the link was written");
        assert_eq!(fs::read(&link).unwrap(), png());
    }
}

/// The host took the part that is here for the beginning of another file.
#[tokio::test]
async fn a_part_that_the_host_does_not_have_is_thrown_away() {
    let head = || format!("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: {}\r\n\r\n", png().len());
    let server = with_image(
        move |seen, before| match before {
            0 => Act::BytesThenReset([head().as_bytes(), &png()[..2_000]].concat()),
            1 => Act::json(416, ""),
            _ => {
                assert_eq!(seen.header("range"), None);
                Act::Reply(200, vec![], png())
            }
        },
        None,
    );
    assert_eq!(image(&server).await.bytes().await.unwrap(), png());
}

#[tokio::test]
async fn a_dropped_save_leaves_nothing_behind() {
    let server = with_image(
        |_, _| {
            Act::BytesThenSilence(
                [b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n".as_slice(), &png()[..3_000]].concat(),
            )
        },
        None,
    );
    let folder = tempfile::tempdir().unwrap();
    let image = image(&server).await;
    let path = folder.path().join("fox.png");
    let save = image.save(&path);
    assert!(tokio::time::timeout(Duration::from_millis(300), save).await.is_err());
    assert_eq!(files(folder.path()), Vec::<String>::new());
}

/// The client of a service on this machine has no use for TLS before.
#[tokio::test]
async fn an_image_is_fetched_securely_where_the_service_is_local() {
    let host = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/image", host.local_addr().unwrap().port());
    let greeted = std::thread::spawn(move || {
        let mut first = [0; 2];
        host.accept().unwrap().0.read_exact(&mut first).unwrap();
        first
    });
    let server = Scripted::start(move |seen, _| if seen.is_create() { Act::created() } else { completed(&url, None) });
    let image = server.client().generate(Request::new("a fox")).await.unwrap();
    let error = image.bytes_within(Some(Duration::from_secs(5))).await.unwrap_err();
    assert_eq!((error.kind(), error.task_id().map(TaskId::as_str)), (ErrorKind::Download, Some(ID)), "{error:?}");
    assert_eq!(greeted.join().unwrap(), [22, 3], "a handshake of TLS");
}

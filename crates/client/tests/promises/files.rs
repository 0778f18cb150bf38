//! Promise 8: files are whole or absent.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use spark_t2i::{Charged, Error, ErrorKind, Image, ImageFormat, Request, SaveOptions};

use crate::scripted::{Act, ID, Scripted, Seen, completed, png, with_image};

async fn image(server: &Scripted) -> Image {
    server.builder().build().unwrap().generate(Request::new("a fox")).await.unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Saves what this server sends; the error, after checking that nothing was left behind.
async fn refused(size: Option<u64>, act: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static) -> Error {
    let server = with_image(act, size);
    let folder = tempfile::tempdir().unwrap();
    let error = image(&server).await.save(folder.path().join("fox.png")).await.unwrap_err();
    assert_eq!(files(folder.path()), Vec::<String>::new(), "{error}");
    assert_eq!(error.task_id().unwrap().as_str(), ID);
    assert_eq!(error.charged(), Charged::Yes);
    error
}

#[tokio::test]
async fn a_whole_image_is_saved_under_its_name() {
    let server = with_image(|_, _| Act::Reply(200, vec![], png()), Some(png().len() as u64));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fox.png");
    let saved = image(&server).await.save(&path).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), png());
    assert_eq!((saved.bytes, saved.format), (png().len() as u64, ImageFormat::Png));
    assert_eq!(saved.pixels.unwrap().width, 1328);
    assert_eq!(files(folder.path()), ["fox.png"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_ne!(mode, 0o600, "the file is readable as any other file of the user");
    }
    let named =
        image(&server).await.save_with(folder.path().join("named"), SaveOptions::default().add_extension(true)).await;
    assert_eq!(named.unwrap().path, folder.path().join("named.png"));
}

#[tokio::test]
async fn what_is_not_a_whole_image_of_the_promised_size_gets_no_name() {
    let whole = png().len() as u64;
    let cut = || png()[..4_000].to_vec();
    let told = |error: &Error, words: &str| {
        assert_eq!(error.kind(), ErrorKind::Download, "{error:?}");
        assert!(error.message().contains(words), "{error}");
    };
    told(&refused(Some(whole + 1), |_, _| Act::Reply(200, vec![], png())).await, "promised");
    told(&refused(Some(whole - 1), |_, _| Act::Reply(200, vec![], png())).await, "promised");
    told(&refused(None, move |_, _| Act::Reply(200, vec![], cut())).await, "not whole");
    told(&refused(None, |_, _| Act::Reply(200, vec![], b"<html>sign in</html>".to_vec())).await, "no image");
    told(&refused(None, |_, _| Act::Reply(200, vec![], vec![])).await, "empty");
    told(&refused(None, |_, _| Act::Reply(200, vec![("Content-Encoding", "gzip".to_owned())], png())).await, "gzip");
    told(&refused(Some(10_000_000_000), |_, _| Act::Reply(200, vec![], png())).await, "more than any image");
    // More than any image, without a length told before: the memory is bounded, the disk too.
    let endless = || Act::BytesThenReset([b"HTTP/1.1 200 OK\r\n\r\n\x89PNG".as_slice(), &vec![0; 70 << 20]].concat());
    told(&refused(None, move |_, _| endless()).await, "more bytes");
    // Told before.
    told(
        &refused(None, |_, _| {
            Act::BytesThenSilence(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n".to_vec())
        })
        .await,
        "more bytes",
    );
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

#[tokio::test]
async fn a_broken_download_goes_on_where_it_stopped() {
    let (head, etag) =
        (|extra: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{extra}\r\n", png().len()), "\"v1\"");
    let server = with_image(
        move |seen, before| match before {
            0 => Act::BytesThenReset([head("ETag: \"v1\"\r\n").as_bytes(), &png()[..2_000]].concat()),
            _ => {
                assert_eq!((seen.header("range"), seen.header("if-range")), (Some("bytes=2000-"), Some(etag)));
                let range = format!("bytes 2000-{}/{}", png().len() - 1, png().len());
                Act::Reply(206, vec![("Content-Range", range), ("ETag", etag.to_owned())], png()[2_000..].to_vec())
            }
        },
        Some(png().len() as u64),
    );
    assert_eq!(image(&server).await.bytes().await.unwrap(), png());
    assert_eq!(server.seen().iter().filter(|seen| seen.is_image()).count(), 2);
}

#[tokio::test]
async fn a_broken_download_starts_anew_where_the_host_cannot_go_on() {
    let head = || format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", png().len());
    let folder = tempfile::tempdir().unwrap();
    let server = with_image(
        move |seen, before| match before {
            0 => Act::BytesThenReset([head().as_bytes(), &png()[..2_000]].concat()),
            1 => Act::json(503, "<html>"),
            _ => {
                assert_eq!(seen.header("range"), None, "nothing vouches for the first part");
                Act::Reply(200, vec![], png())
            }
        },
        None,
    );
    let path = folder.path().join("fox.png");
    image(&server).await.save(&path).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), png());
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
async fn an_expired_address_is_asked_for_anew_once() {
    let looks = AtomicUsize::new(0);
    let server = Scripted::start(move |seen, _| match seen.line.as_str() {
        "GET /image/0" => Act::json(403, "<Error>expired</Error>"),
        "GET /image/1" => Act::Reply(200, vec![], png()),
        _ => completed(
            &format!("http://{}/image/{}", seen.header("host").unwrap(), looks.fetch_add(1, Ordering::SeqCst)),
            None,
        ),
    });
    let image = server.client().task(ID).unwrap().wait().await.unwrap();
    assert_eq!(image.bytes().await.unwrap(), png());

    let server = with_image(|_, _| Act::json(410, ""), None);
    let error = self::image(&server).await.bytes().await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (ErrorKind::Download, Some(410)));
    assert_eq!(server.seen().iter().filter(|seen| seen.is_image()).count(), 2);
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

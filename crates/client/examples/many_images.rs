//! Many images, each saved as it is done; nothing is lost when one fails.

use futures_util::StreamExt;
use spark_t2i::{Client, Error, Request};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = Client::from_env()?;
    let requests = (1..=4).map(|seed| Request::new("一只雪中的红狐").seed(seed));
    let mut images = client.generate_many(requests);
    while let Some(generated) = images.next().await {
        match generated.result {
            Ok(image) => println!("{}", image.save(format!("fox-{}.png", generated.index)).await?.path.display()),
            Err(error) => eprintln!("number {}: {error} (charged: {})", generated.index, error.charged().as_str()),
        }
    }
    println!("{} USD in all", client.stats().cost);
    Ok(())
}

//! One image: the example of the README, as it stands there.

use spark_t2i::{Client, Error, Request};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = Client::from_env()?; // SPARK_T2I_API_KEY
    let image = client.generate(Request::new("a red fox in the snow").size(2560, 1440).seed(42)).await?;
    let saved = image.save("fox.png").await?;
    println!("{}: {} bytes", saved.path.display(), saved.bytes);
    Ok(())
}

@MODS@
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut db = toasty::Db::builder().models(toasty::models!(@TYPES@)).connect("sqlite::memory:").await.unwrap();
    let session = &mut db;
    println!("{}", @SUM@);
}

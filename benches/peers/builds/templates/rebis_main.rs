use rebis::prelude::*;

@MODS@
fn main() -> Result<()> {
    let session = Session::new(&Engine::new("sqlite://")?);
    println!("{}", @SUM@);
    Ok(())
}

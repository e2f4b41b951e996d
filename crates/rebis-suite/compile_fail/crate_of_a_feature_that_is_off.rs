// fails: E0433
// says: the item is gated behind the `jiff` feature

fn main() {
    let _ = rebis::jiff::Timestamp::UNIX_EPOCH; //~ here
}

// fails: E0004
// says: `Mood::Happy` not covered

#[derive(Clone, Copy)]
enum Mood {
    Sad,
    Happy,
}

rebis::sql_enum!(Mood as "mood" { Sad => "sad" }); //~ here

fn main() {
    let _ = [Mood::Sad, Mood::Happy];
}

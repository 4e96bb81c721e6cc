//! The records of one page.

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// The most records that are read of one page; a hundred times as many as are asked for.
const MOST: usize = 10_000;

/// Reads the records of a page, for `#[serde(deserialize_with)]`. An error for more than 10,000: a record takes many times
/// the memory of the few bytes that it can be written in, so a hostile page takes many times its size.
pub fn records<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct Records<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Records<T> {
        type Value = Vec<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut records = Vec::new();
            while let Some(record) = list.next_element()? {
                if records.len() == MOST {
                    return Err(A::Error::custom("a page has more than 10000 records"));
                }
                records.push(record);
            }
            Ok(records)
        }
    }
    deserializer.deserialize_seq(Records(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_very_many_records_is_refused() {
        let read = |count: usize| {
            let text = format!("[{}0]", "0,".repeat(count - 1));
            records::<u8, _>(&mut serde_json::Deserializer::from_str(&text)).map(|all| all.len())
        };
        assert_eq!(read(MOST).unwrap(), MOST);
        assert!(read(MOST + 1).unwrap_err().to_string().starts_with("a page has more than 10000 records"));
    }
}

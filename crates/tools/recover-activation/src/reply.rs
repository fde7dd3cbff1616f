//! What a program of mendutils answered with `--json` (docs/schema/report.json). Pure.

use activation::Shape;
use oneshot::Exit;
use oneshot::command::Outcome;
use oneshot::text::printable;
use serde_json::Value;

use crate::facts::End;

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// What it changed: the object, and the sentence.
    pub(crate) done: Vec<(String, String)>,
    /// How it ended.
    pub(crate) end: End,
}

/// Reads an answer. One that is none is a failure with the last words.
pub(crate) fn read(outcome: &Outcome) -> Reply {
    let object: Option<Value> = serde_json::from_slice(&outcome.stdout).ok();
    let object = object.filter(|object| object.get("schema").is_some_and(|schema| schema == "mendutils/1"));
    let Some(object) = object else {
        let text = format!("it ended with {} and no report: {}", outcome.status, outcome.words());
        return Reply { done: Vec::new(), end: End::failed(Exit::Failed, text) };
    };
    let list = |key: &str| object.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let word = |value: &Value| value.as_str().map(printable).unwrap_or_default();
    let done = list("steps").iter().filter(|step| step["state"] == "done");
    let done = done.map(|step| (word(&step["target"]), word(&step["text"]))).collect();
    let wrong: Vec<&Value> = list("findings").iter().filter(|finding| finding["status"] == "fail").collect();
    let hints = wrong.iter().flat_map(|finding| finding["hint"].as_array().into_iter().flatten());
    let hints: Vec<String> = hints.map(word).collect();
    let texts = wrong.iter().map(|finding| word(&finding["text"]));
    let texts: Vec<String> =
        texts.chain(object.get("error").and_then(Value::as_str).map(printable)).collect();
    let shapes = wrong.iter().filter_map(|finding| finding.get("shape")?.as_str());
    let shape = shapes.into_iter().find_map(|name| Shape::ALL.into_iter().find(|shape| shape.name() == name));
    let end = match outcome.status.code() {
        Some(0) => End::Done,
        code => End::Failed { exit: exit(code), text: texts.join("; "), hints, shape },
    };
    Reply { done, end }
}

/// The exit code to pass on. What is a wrong configuration there is something that is not in order here.
fn exit(code: Option<i32>) -> Exit {
    let known = Exit::ALL.into_iter().map(|(exit, _)| exit);
    match known.into_iter().find(|exit| code == Some(i32::from(exit.code()))) {
        Some(Exit::Ok | Exit::Usage | Exit::Config) | None => Exit::Failed,
        Some(exit) => exit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    fn reply(code: i32, stdout: &str) -> Reply {
        let status = std::process::ExitStatus::from_raw(code << 8);
        read(&Outcome { status, stdout: stdout.as_bytes().to_vec(), stderr: b"boom".to_vec() })
    }

    #[test]
    fn what_was_done_and_what_is_wrong_is_taken_over() {
        let object = r#"{"schema":"mendutils/1","steps":[{"target":"/run/x","text":"link it","state":"done"},
            {"target":"y","text":"would","state":"would"}],"findings":[{"status":"fail","text":"gone\u001b","shape":"LF3","hint":["do a"]},
            {"status":"warn","text":"odd","hint":["do b"]}],"error":"no way"}"#;
        let done = vec![("/run/x".to_owned(), "link it".to_owned())];
        assert_eq!(reply(0, object), Reply { done: done.clone(), end: End::Done });
        for (code, exit) in [(1, Exit::Failed), (4, Exit::Undecided), (75, Exit::Busy), (78, Exit::Failed)] {
            let end = End::Failed {
                exit,
                text: "gone\\u{1b}; no way".to_owned(),
                hints: vec!["do a".to_owned()],
                shape: Some(Shape::Blocked),
            };
            assert_eq!(reply(code, object), Reply { done: done.clone(), end });
        }
    }

    #[test]
    fn what_is_no_report_is_a_failure_whatever_the_code() {
        for text in ["", "{}", "[1]", "{\"schema\":\"mendutils/2\"}", "{\"schema\":\"mendutils/1\""] {
            let Reply { done, end } = reply(0, text);
            assert!(
                done.is_empty() && matches!(&end, End::Failed { text, .. } if text.contains("boom")),
                "{end:?}"
            );
        }
    }
}

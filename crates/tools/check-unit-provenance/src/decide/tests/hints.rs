//! Hints are commands, and whoever names a file does not write them.

use super::*;

/// A name that a shell would take apart, on whichever side of a hint it stands.
const NAME: &str = "a\\x2d b.service";

/// Of one unit of that name in each state that has a hint with a name or a path in it.
fn hints() -> Vec<String> {
    let path = PathBuf::from("/home/tim/.config/systemd/user").join(NAME);
    let mut surveys = Vec::new();
    let mut of = |change: &dyn Fn(&mut UnitFacts)| {
        let mut survey = good();
        for unit in &mut survey.units {
            unit.name = NAME.to_owned();
            change(unit);
        }
        surveys.push(survey);
    };
    for standing in [Standing::Missing, Standing::Masked, Standing::Folder] {
        of(&|unit| {
            unit.files.iter_mut().for_each(|file| {
                (file.path, file.standing) = (path.clone(), standing.clone());
            });
        });
    }
    let loaded = |change: &dyn Fn(&mut LoadedFacts)| {
        let mut facts = in_memory(loaded());
        change(&mut facts);
        Memory::Loaded(Box::new(facts))
    };
    let difference = || Difference::Fragment { loaded: None, disk: Some(path.clone()) };
    of(&|unit| unit.memory = loaded(&|facts| facts.loaded.load = Load::NotFound));
    of(&|unit| unit.memory = loaded(&|facts| facts.loaded.load = Load::BadSetting));
    of(&|unit| unit.memory = loaded(&|facts| facts.loaded.is_transient = true));
    of(&|unit| unit.memory = loaded(&|facts| facts.differences.push(difference())));
    let mut folders = good();
    let obstacle = Obstacle::Foreign { at: path.clone(), uid: 0 };
    folders.host.places = vec![(Kind::HomeManager, path, vec![obstacle])];
    surveys.push(folders);
    surveys.iter().flat_map(|survey| findings(survey, &wish(&[]))).flat_map(|finding| finding.hint).collect()
}

#[test]
fn every_name_in_a_hint_is_quoted() {
    let hints: Vec<String> = hints().into_iter().filter(|hint| hint.contains(NAME)).collect();
    assert_eq!(hints.len(), 8, "{hints:#?}");
    for hint in &hints {
        for (at, _) in hint.match_indices(NAME) {
            let quotes = hint.get(..at).unwrap_or_default().matches('\'').count();
            assert_eq!(quotes % 2, 1, "{hint}");
        }
    }
}

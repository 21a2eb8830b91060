"""What callers say after a yes: what takes it back, and what sounds like it and does not. As
recognisers write it. Every second line was kept aside while the rule was written; what is
`ADDED` was written after it."""

from __future__ import annotations

_GERMAN = """
mit der aufzeichnung bin ich nun doch nicht mehr einverstanden
ich hätte gern dass sie das aufgezeichnete gespräch nicht behalten
das gespräch sollte besser nicht bei ihnen gespeichert bleiben
ach und die aufnahme die schmeißen sie bitte weg
meine stimme heben sie bitte nicht auf
ich fühle mich mit der aufnahme nicht wohl
eine aufnahme kommt für mich nicht in frage
die aufzeichnung hätte ich gern aus dem system raus
können wir das ohne aufnahme machen
mir ist das mit der aufnahme nicht geheuer
das mit dem mitschneiden gefällt mir nicht
ich bin kein freund davon dass meine stimme gespeichert wird
zeichnen sie ab jetzt nicht mehr auf
können sie den mitschnitt wieder rausnehmen
ich hab da kein gutes gefühl bei der aufzeichnung
den mitschnitt vernichten sie nachher bitte
was die aufnahme angeht da sage ich jetzt nein
ich nehme das ja zur aufnahme zurück
streichen sie das mit der aufnahme
ich lehne die aufzeichnung ab
die aufnahme lehne ich ab
nehmen sie das gespräch nicht weiter auf
ich will keine aufnahme von mir haben
ich wünsche keine speicherung der aufnahme
die aufnahme muss gelöscht werden
sorgen sie dafür dass die aufnahme verschwindet
das band soll weg
ich habe bei der aufnahme doch bedenken
ich habe etwas gegen die aufzeichnung
stopp keine aufzeichnung
die aufnahme bitte beenden
ich verlange die löschung der aufnahme
ich bestehe darauf dass der mitschnitt gelöscht wird
speichern sie bitte nichts von diesem gespräch
ich möchte nicht dass sie meine stimme aufheben
bitte doch nicht speichern
bitte speichern sie das nicht
das soll nicht gespeichert werden
nehmen sie mich nicht auf
ich will nicht aufgenommen werden
ich mag es nicht aufgenommen zu werden
wegen der aufnahme da habe ich es mir anders überlegt
die zustimmung zur aufnahme gilt nicht mehr
meine einwilligung gilt nicht mehr
ich möchte meine zustimmung widerrufen
ich widerspreche der aufnahme
ich muss der aufzeichnung leider widersprechen
die aufnahme ist mir unangenehm
die aufnahme ist mir nicht recht
ich dachte die aufnahme wäre freiwillig dann bitte nicht
dieses telefonat darf nirgends gespeichert werden
von diesem anruf soll nichts aufbewahrt werden
das telefonat bitte nicht mitschneiden
schalten sie den mitschnitt ab
bitte sofort mit dem aufzeichnen aufhören
lassen sie die aufzeichnung sein
ich bereue dass ich der aufnahme zugestimmt habe
die sprachaufnahme dürfen sie nicht verwenden und nicht behalten
also gespeichert werden soll das gespräch dann doch lieber nicht
ich möchte dass nach dem telefonat keine aufnahme übrig bleibt
die aufnahme dürfen sie nicht länger aufheben
auf die aufnahme würde ich gern verzichten
ich will das mit der aufnahme nicht mehr
meine stimme möchte ich gelöscht haben
"""
_GERMAN_HARMLESS = """
ich habe keine fragen zur aufnahme
gegen die aufnahme habe ich nichts
ich habe nichts gegen die aufnahme
die aufnahme ist kein problem
mit der aufnahme habe ich kein problem
die aufnahme stört mich nicht
sie müssen die aufnahme nicht löschen
die aufnahme brauchen sie nicht zu löschen
bitte vergessen sie die rechnung nicht
ich habe den schlüssel nicht behalten
bitte löschen sie den termin am montag
löschen sie bitte meine alte handynummer
die alte adresse können sie löschen
ich möchte den vertrag nicht verlängern
ich bin mit der abrechnung nicht einverstanden
mit der mieterhöhung bin ich nicht einverstanden
ich widerspreche der nebenkostenabrechnung
ich möchte dem vertrag widersprechen
das stimmt nicht
meine stimme ist heute nicht so gut ich bin erkältet
ich habe ihren anruf gestern nicht bekommen
ich konnte das gespräch gestern nicht zu ende führen
der anruf war nicht von mir
die waschmaschine geht nicht an
bitte schalten sie die heizung nicht ab
schalten sie bitte den strom im keller wieder ein
ich kann mir die nummer nicht merken
ich habe die mail nicht gespeichert
ich kann die datei nicht speichern
den hund dürfen wir leider nicht behalten
die kaution dürfen sie nicht behalten
nehmen sie den schaden bitte auf
könnten sie das protokoll bitte nicht per post schicken
der hausmeister hat den schaden nicht aufgenommen
ich habe den termin nicht abgesagt
nein ich wohne im zweiten stock
nein das ist nicht meine kundennummer
nein am dienstag kann ich nicht
ich weiß nicht wann der techniker kommt
das weiß ich leider nicht
ich habe es mir anders überlegt ich nehme die große wohnung
die zweite wohnung nehme ich doch nicht
doch lieber am mittwoch
nein ich habe keine haustiere
ohne den aufzug geht es nicht
ich will keine werbung mehr bekommen
bitte rufen sie mich nicht vor neun an
das ist mir nicht aufgefallen
heben sie bitte die rechnung für mich auf
ich habe die alten unterlagen nicht aufgehoben
lassen sie das fenster bitte zu
hören sie ich habe kein warmes wasser
der aufzug hält nicht im dritten stock
die werkstatt hat die reifen nicht aufbewahrt
kündigen möchte ich die versicherung nicht
ich ziehe den antrag zurück
ich habe mein passwort vergessen und komme nicht rein
die bestellung möchte ich stornieren
behalten sie die aufnahme ruhig
die aufnahme dürfen sie natürlich behalten das ist nicht schlimm
"""
_ENGLISH = """
i'm not comfortable with the recording any more
i don't think i want this recorded after all
please don't hold on to the recording
could you make sure the recording is gone afterwards
i don't want you keeping my voice
i'd prefer the call wasn't stored
about the recording i've had second thoughts
i'm against the recording now
the recording should not be kept
the recording must not be stored
you may not keep the recording
you are not to store this conversation
that recording needs to be wiped
can you take the recording off your system
throw the recording away please
i object to the recording
i'm withdrawing my permission for the recording
i take it back about the recording
forget the recording please
no more recording please
let's not record this
let's do this without the recording
i do not agree to the recording any longer
my consent no longer stands
i want to revoke my consent
don't save any of this conversation
please don't save this
please don't store it
i never want my voice saved
my voice shouldn't be stored anywhere
i refuse to have the call recorded
i'm not happy about being recorded
being recorded makes me uncomfortable
i feel uneasy about the recording
cancel the recording
stop the tape please
switch the recording off
i'd like to have the recording destroyed
nothing from this call should be saved
none of this call should be kept
i have a problem with the recording
i do mind the recording actually
i regret agreeing to the recording
i shouldn't have agreed to the recording
you no longer have my permission to record
i don't give you permission to keep the audio
i don't allow you to keep the audio
the audio has to be deleted
remove my voice recording
please erase what you recorded
can we undo the recording thing
i don't like the idea of the recording
keeping the recording is not okay with me
the recording isn't okay with me
i said yes to the recording but now it's a no
i decline the recording
please discontinue the recording
i won't have this call recorded
i would rather you got rid of the audio
don't tape this
actually i'm opposed to you storing the call
i can't agree to the recording
i'd rather the recording didn't exist
do not retain the audio of this call
"""
_ENGLISH_HARMLESS = """
i have no questions about the recording
i have nothing against the recording
i don't mind the recording
no problem with the recording
the recording doesn't bother me
you don't have to delete the recording
you don't need to delete it
there's no need to delete the recording
don't forget the invoice please
i didn't keep the key
please delete my old phone number
please cancel the appointment on monday
i want to cancel my order
i don't agree with the bill
i object to the rent increase
i can't save the document
i couldn't keep the dog
you can't keep the deposit
don't keep me waiting
don't keep calling me
i don't want to keep the apartment
please don't call before nine
i missed your call yesterday so i couldn't answer
that's not my number
no i live on the second floor
no that's not right
no i don't have any pets
i'm not sure when the technician came
i don't know
i changed my mind i'll take the large flat
actually no the appointment was on tuesday
the heating doesn't work
don't turn off the heating please
turn off the water in the basement please
the elevator never stops on the third floor
i can't hear you very well
my voice is not great today i have a cold
i don't have a voice mail
the call was not from me
i couldn't finish the call yesterday
stop sending me letters
i don't want any advertising
i've lost my password and can't get in
i withdraw my application
please remove the old address
can you store the tyres for me
they didn't store my tyres
i don't remember the date
there is no warm water
without the elevator it doesn't work
it's not a big deal
no worries
i would rather come on wednesday
i'd rather not come on monday
i haven't received the invoice
the plumber did not record the damage
please record the meter reading it is not correct in your system
i have the recording number but not the invoice
please keep the recording i don't mind
you can keep the recording that's not a problem
"""
# In the turn after the yes and a "thank you", with nothing else asked.
_REVERSALS = """
moment nein
ach nein
oh nein doch nicht
nein doch nicht
warten sie nein
halt nein
nee doch nicht
obwohl nein
wobei lieber nicht
ach wissen sie was nein
hm nein eigentlich nicht
oder nein lassen sie es
oh wait no
actually no
wait no
hold on no
no wait
hmm no sorry
sorry no
well no
you know what no
oh no i changed my mind
i mean no
or rather no
"""
_GERMAN_HARMLESS_LATER = """
ja die aufnahme ist in ordnung
wie lange bewahren sie die aufnahme auf
wird die aufnahme nach dreißig tagen gelöscht
wer hört sich die aufnahme an
kann ich die aufnahme auch bekommen
ist die aufnahme noch an
können sie das so aufnehmen
ich hätte gern eine kopie der aufnahme
dafür ist die aufnahme ja da nicht wahr
mein mann war damit nicht einverstanden
dagegen kann man nichts machen
ich bin gegen die mauer gefahren
ich fahre gegen acht uhr los
ich habe widerspruch gegen den bescheid eingelegt
ich möchte den vertrag widerrufen
ich kann das nicht behalten
das geht leider nicht
ich möchte das nicht
nein das möchte ich nicht
das will ich nicht bezahlen
ich habe nichts gehört
ich habe die rechnung nicht bekommen
die heizung lässt sich nicht abschalten
können sie mir das ticket aufheben
schreiben sie das bitte auf damit ich es nicht vergesse
ich rufe nicht wegen der aufnahme an
die aufnahme in den kindergarten hat nicht geklappt
nehmen sie das bitte in die akte auf
ich muss das gespräch jetzt beenden
ich will das gespräch nicht unnötig in die länge ziehen
legen sie nicht auf
nein danke das war alles
nein mehr habe ich nicht
nein
nein ist schon gut
meine frau hat keine zeit am montag
am montag ohne mich
können sie den eintrag löschen
das problem ist der wasserhahn
ich habe ein problem mit der heizung
die stimme am telefon war nicht freundlich
ich habe gestern ein gespräch mit ihrem kollegen geführt der hat nichts notiert
bitte stellen sie den anruf nicht durch
beim letzten gespräch wurde mir nichts gesagt
der anruf kam nicht durch
ich möchte das gespräch lieber morgen weiterführen
am telefon kann ich das nicht sagen
das ist kein notfall
ich kann nicht lange sprechen
keine ursache
macht nichts
nein nein alles gut
ich habe keinen strom
der mieter ist nicht erreichbar
ohne termin komme ich nicht
das hat er nie gemacht
ich bezahle die rechnung nicht
die reparatur lehne ich ab
ich bin gegen die baumaßnahme
die garage bitte wieder abschließen
der vermieter hat die kaution behalten
ich habe meine einwilligung zur modernisierung gegeben
den hausschlüssel muss ich nicht behalten
kann ich den rest behalten
bewahren sie das paket auf
heben sie das auf
ich hebe nicht ab
ich konnte mir den namen nicht merken
stoppen sie die lieferung
machen sie bitte das licht im flur aus
die kündigung habe ich nicht unterschrieben
ich kann den termin nicht wahrnehmen
ich möchte mit keinem anderen sprechen
ich habe die zählerstände nicht aufgeschrieben
das war im letzten gespräch nicht so vereinbart
ihr kollege hat das im gespräch nicht erwähnt
der anruf kostet mich nichts oder
ich bin nicht sicher ob ich die nummer gespeichert habe
ich habe ihre nummer nicht gespeichert
speichern sie meine neue nummer die alte stimmt nicht mehr
können sie die alte nummer löschen und die neue speichern
löschen sie mich bitte aus dem verteiler
behalten sie mich nicht in der warteschleife
ich will nicht behaupten dass sie schuld sind
nehmen sie mich bitte in die warteliste auf
ich wurde nicht in die warteliste aufgenommen
ich wurde noch nicht aufgenommen in den verein
das bad ist nicht fertig
mein widerspruch gegen die mieterhöhung ist schon raus
ich habe nicht zugestimmt dass der balkon gestrichen wird
ich bin nicht einverstanden dass der balkon gestrichen wird
die zustimmung der eigentümer fehlt noch nicht
der hat keine stimme in der versammlung
ich stimme dem beschluss nicht zu
ich nehme das angebot zurück
das nehme ich zurück das war unhöflich
da bin ich anderer meinung
hören sie auf mich zu unterbrechen
machen sie sich keine sorgen wegen der aufnahme
von mir aus können sie die aufnahme unbegrenzt behalten ist mir egal
hat die aufnahme jetzt begonnen
dann haben sie es ja auf der aufnahme
sie haben das ja jetzt aufgenommen
das können sie auf der aufnahme nachhören
auf der aufnahme hört man das geräusch vielleicht
die aufnahme können sie auch länger behalten
bekomme ich eine bestätigung
ich finde die unterlagen nicht
es ist niemand gekommen
ich bin nicht zufrieden mit dem service
mein konto wurde gelöscht
der techniker hat nichts gefunden
stellen sie mich nicht noch mal durch
ich kann sie kaum verstehen
können sie mein konto sperren
sie haben mich gestern nicht zurückgerufen
ich habe keinen anruf bekommen
da ging keiner ans telefon
ich hätte den schrank gern behalten
kann ich die wohnung behalten
das habe ich mir nicht gemerkt
ich nehme die wohnung nicht
ich möchte meine bestellung nicht behalten
ihre kollegin wollte das aufnehmen und hat es nicht getan
ich habe den brief nicht aufgehoben
dann heben sie mir bitte einen termin auf
ich will nicht umziehen
ich finde das nicht richtig mit den kosten
die nachbarn halten sich nicht an die ruhezeiten
entfernen sie bitte das graffiti im flur
der rauchmelder lässt sich nicht ausschalten
bitte stornieren sie die buchung
ich möchte keine ratenzahlung
ich lehne das angebot ab
ich habe mich nicht beschwert
sie können die aufnahme auch ihrem chef geben
es gibt noch keine lösung
meine nummer haben sie nicht mehr gespeichert oder
das weiß ich nicht auswendig
"""
_ENGLISH_HARMLESS_LATER = """
the recording is fine
how long do you keep the recording
will the recording be deleted after thirty days
can i have a copy of the recording
who listens to the recording
i don't like the flat
i don't want it
i'd rather not
no that's all thanks
no
i can't do that
i don't have it with me
let's stop here
please stop the delivery
i'm against the wall
the tape on the parcel is not sticking
can you keep it for me
i don't want to keep you
keep in mind i'm not at home
can you take the call again i couldn't hear
i don't have any record of that payment
you should have it on record i'm not sure
please don't hang up
i have a problem with the heating
it's not working
the voice on the phone was not friendly
i had a conversation with your colleague and nothing happened
the call dropped i don't know why
can we stop the delivery
i didn't order that
i never got the parcel
nobody told me
nothing works
i won't be home on monday
it isn't urgent
don't bother
don't worry about it
i'm calling because there's no hot water
i refuse to pay that
i'd like to withdraw from the contract
i don't consent to the modernisation works
my landlord kept the deposit
i can't keep up with the payments
save me the trouble and don't send a letter
you can't store bikes in the hallway
remove my neighbour's bike please
turn the radiator off please
forget it it's fine
i'd prefer monday
no it's fine
without a key i can't get in
i didn't sign the notice
i haven't saved your number
don't save the old number save the new one
please keep the parcel i'm not home
i can't record the meter reading the display is broken
keep it simple please don't make it complicated
we never agreed on that price
i don't agree to the new price
in our last conversation you did not mention that
the call center never called me back
can you stop the water
there's no record of my payment
store opening hours are not on the website
the store is not open
your store didn't answer
save money not time
take your time no rush
i disagree with the invoice
i want to revoke the direct debit
don't delete my account
you may delete my account
my wife has no objection to the recording
i can't find the audio jack
nobody answered my voice mail
don't worry about the recording
has the recording started
you have it on the recording anyway
you can hear that on the recording
you can keep the recording longer if you like
i can't find the paperwork
nobody came
i am not satisfied with the service
my account was deleted
the technician found nothing
don't transfer me again please
i can barely hear you
can you block my account
you did not call me back yesterday
i'd like to keep the wardrobe
can i keep the flat
i don't remember what they said
i don't want to keep my order
i'm not taking the flat
my phone doesn't save numbers
please don't send me to voicemail
i never got a call
i'd rather keep the old contract
it's not the boiler
we don't have a balcony
could you not call me at work
i didn't keep the letter
please keep an appointment for me
i don't want to move
it's not right with these costs
please remove the graffiti in the hallway
the smoke alarm can't be switched off
cancel the booking please
i don't want to pay in instalments
i decline the offer
i haven't complained before
you can give the recording to your boss
there's no solution yet
you don't have my number saved do you
i don't know it by heart
nobody has recorded the damage
"""
_GERMAN_LATER = """
ich möchte nicht dass sie mich weiter aufnehmen und es geht mir um die wohnung in der südstadt
ja also die wohnung ist schön aber das mit der aufnahme lassen sie bitte
hiermit widerrufe ich die aufnahmegenehmigung
das gespräch bitte löschen
sie haben kein recht mich aufzunehmen
ich hab mich umentschieden wegen der aufzeichnung
bitte nichts aufzeichnen
mein anruf soll nicht aufgezeichnet sein
das ganze bitte nicht aufheben
die einwilligung ist hiermit hinfällig
ich sage nein zur aufnahme
stellen sie das aufnahmegerät ab
ich will raus aus der aufnahme
ich möchte anonym bleiben und keine aufnahme
ich bin damit nicht mehr einverstanden
ich widerspreche
ich nehme das zurück
keine speicherung bitte
nicht mitschneiden
ich hab mir das überlegt mit der aufzeichnung das ist mir zu heikel
können sie das mitgeschnittene wieder wegmachen
tun sie die aufnahme wieder weg
das gespräch möchte ich ungern gespeichert wissen
mir wäre wohler ohne aufzeichnung
wir machen das jetzt ohne mitschnitt
meine aussagen sollen nicht aufgezeichnet bleiben
von der aufnahme halte ich nichts
die aufzeichnung geht mir zu weit
die aufnahme will ich raus haben
sie haben meine erlaubnis nicht mehr
bitte keinen mitschnitt anfertigen
es soll keiner meine stimme speichern
ich erlaube die aufnahme nicht
ich gestatte keine aufzeichnung
das band bitte anhalten
was sie aufgenommen haben das löschen sie gleich wieder
das möchte ich jetzt doch nicht dass sie das speichern
das mit dem aufnehmen ist mir jetzt doch zu viel
könnten wir die aufnahme abbrechen
speichern sie meine worte bitte nirgendwo
bei der aufnahme hab ich mich vertan
mir graut vor der aufnahme
meine frau will das nicht mit der aufnahme
diese aufzeichnung existiert hoffentlich bald nicht mehr
geben sie mir die schriftliche bestätigung dass die aufnahme gelöscht ist
die aufnahme ist hiermit untersagt
ziehen sie den stecker bei der aufnahme
mein einverständnis können sie vergessen
ich stehe nicht mehr zu meiner einwilligung
unser gespräch gehört nicht gespeichert
bitte keine stimmaufzeichnung
ich ziehe meine erlaubnis zurück
die tonaufnahme wird nicht behalten ist das klar
lassen sie das aufzeichnen
die aufzeichnung würde ich gern stoppen lassen
ich möchte doch anonym bleiben löschen sie den mitschnitt
mit dem speichern bin ich nicht mehr glücklich
ich hab ein schlechtes gefühl wegen der aufnahme
wenn ich es recht überlege keine aufnahme
könnten sie die tonspur entfernen
bitte vernichten sie alles was sie von mir aufgezeichnet haben
die aufnahme hat hier nichts zu suchen
mein gesagtes soll nicht archiviert werden
nehmen sie bitte ab jetzt nichts mehr auf
die aufzeichnung verbitte ich mir
die einwilligung war voreilig
das telefonat soll bitte nicht in ihrem archiv landen
behalten sie das gespräch bitte nicht
ich bitte um löschung der aufzeichnung
"""
_ENGLISH_LATER = """
i don't want to be taped
no recording
you don't have my consent
please don't hang on to this call
i changed my mind
could you not record this
don't keep it
i'd like to opt out of the recording
no to the recording
kill the recording
the answer to the recording is no
i withdraw
i no longer consent
the recording makes me nervous
can we turn that recording thing off
i'd feel better without the recording
please get my voice off your servers
you're not allowed to store my voice
i'm pulling my consent
i want out of the recording
don't you dare keep that recording
this conversation isn't for keeping
no one should be able to listen to this recording
recording this isn't something i want
i take my yes back
delete whatever you have recorded so far
please have the tape destroyed
i never should have said yes to being recorded
the recording has to go
that recording is a mistake
nuke the audio
please make sure none of my words are stored
could you pause and delete the recording
i'd want the recording shredded
my husband doesn't want the recording
the consent i gave earlier is off
i hate being recorded
recordings are not my thing
we should stop this recording
i can't have my voice on file
please keep no recording
just take notes instead of recording
don't keep anything from this call
i am not giving permission to record
strike the recording
i shouldn't be recorded
i'd rather the call wasn't saved anywhere
would you mind deleting the recording
the recording creeps me out
please purge the audio
i changed my mind about being recorded
no longer okay with you keeping this
don't hang on to my voice
the recording is out of the question
my permission is withdrawn
i never wanted a recording
please turn that thing off i don't want to be recorded
could you erase this conversation afterwards
you should not be storing this call
i said you could record but i've reconsidered
make the recording disappear
"""


def _halves(lines: str) -> tuple[list[str], list[str]]:
    every = lines.strip().splitlines()
    return every[::2], every[1::2]


DEVELOPED, KEPT_ASIDE = (
    {
        "german": _halves(_GERMAN)[half],
        "english": _halves(_ENGLISH)[half],
        "reversals": _halves(_REVERSALS)[half],
        "german harmless": _halves(_GERMAN_HARMLESS)[half],
        "english harmless": _halves(_ENGLISH_HARMLESS)[half],
    }
    for half in (0, 1)
)
ADDED = {
    "german": _GERMAN_LATER.strip().splitlines(),
    "english": _ENGLISH_LATER.strip().splitlines(),
    "german harmless": _GERMAN_HARMLESS_LATER.strip().splitlines(),
    "english harmless": _ENGLISH_HARMLESS_LATER.strip().splitlines(),
}

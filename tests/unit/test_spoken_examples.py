"""Examples of what is said and what is written for it, one a line: `spoken -> written`."""

from __future__ import annotations

import re
import time

import pytest

from pipeline.stages.spoken_forms import read, written_view
from pipeline.stages.spoken_forms.numbers import AtomKind
from tests.unit.test_spoken_document import assert_exact

GERMAN = """
max punkt äh muster at web punkt de -> max.muster@web.de
meine adresse ist müller nein möller at web punkt de danke -> meine adresse ist möller@web.de danke
max punkt muster gmail punkt com -> max.muster@gmail.com
die mail ist max muster gmail punkt com -> die mail ist maxmuster@gmail.com
und sonst e.wolf@wolf-immo.de -> und sonst e.wolf@wolf-immo.de
anna at gmail nein web punkt de -> anna@web.de
anna at web punkt de nein anna punkt s at web punkt de ja -> anna.s@web.de ja
ät gmx punkt at / at am ende ja -> @gmx.at / at am ende ja
schreiben sie an mail at firma punkt de -> schreiben sie an mail@firma.de
auf der seite wohnen minus am minus see punkt de schrägstrich kontakt
    -> auf der seite wohnen-am-see.de/kontakt
haus und hof punkt de -> hausundhof.de
Max Punkt Muster@gmail.com -> max.muster@gmail.com
max punkt muster klammeraffe gmail punkt d e -> max.muster@gmail.de
auf der webseite we we we punkt immo welt punkt de -> auf der webseite www.immowelt.de
info et firma punkt at -> info@firma.at
alles zusammen max muster at web punkt de kleingeschrieben
    -> alles zusammen maxmuster@web.de kleingeschrieben
die firma punkt at ist gut -> die firma.at ist gut
das steht auf schöne wohnungen alles zusammen punkt de -> das steht auf schöne wohnungen.de
anderthalb zimmer -> 1,5 zimmer
zweieinhalb tausend -> 2500
zwei einhalb zimmer -> 2,5 zimmer
vier hundert fünf und zwanzig tausend euro -> 425000 euro
vierhundertfünfundzwanzigtausend -> 425000
zwei million drei tausend vier hundert fünf und sechzig -> 2003465
geboren am 3ter August 1985 -> geboren am 03.08.1985
am dritten achten nein neunten fünfundachtzig -> am 03.09.1985
der zweite nein dritte achte siebzig -> der 03.08.1970
am dritten achten fünfundachtzig nein sechsundachtzig -> am 03.08.1986
dritter achter äh fünfundachtzig -> 03.08.1985
am 3ten 8ten 85 -> am 03.08.1985
im dritten stock -> im dritten stock
o eins fünf zwei drei vier -> 015234
kennzeichen hg-tk 482. -> kennzeichen HGTK482.
sieben acht neun sieben und ich komme -> 7897 und ich komme
rein da war null eins sieben und ich -> rein da war 017 und ich
eins zwei drei moment mal vier fünf -> 12345
zwei zimmer und drei bäder -> 2 zimmer und 3 bäder
m ue l l e r -> Müller
u umlaut -> Ü
M wie Martha, U Umlaut, Doppel L -> Müll
d wie daniel -> D
es wie sophie -> S
umlaut unna -> Ü
T Doppel T -> Ttt
m a y e r mit a y -> Mayeray
m wie münchen umlaut unna leipzig leipzig essen rostock -> Müller
em a ypsilon eh er -> Mayer
sex vier neun -> 649
paula anton eins zwei drei -> PA123
die 7 oder 8 uhr 30 bis 9 -> die 7 oder 8 uhr 30 bis 9
drei bis vier zimmer -> 3 bis 4 zimmer
plz fünf null sechs sechs sieben -> plz 50667
p l z fünf null sechs sechs sieben -> p l z 50667
zwölf a -> 12A
h ue b n e r -> Hübner
b umlaut a r -> Bär
ö wie österreich -> Ö
s wie sophie c h umlaut a e r -> Schäer
umlaut aachen -> Ä
null null vier neun eins sieben null -> 0049170
achtzehnhundert -> 1800
neunzehnhundertfünfundachtzig -> 1985
hundertzwanzig quadratmeter -> 120 quadratmeter
plus neunundvierzig eins fünf zwo -> +49152
zwo zwo drei -> 223
doppel drei vier -> 334
dreieinhalb millionen euro -> 3500000 euro
eineinhalb zimmer -> 1,5 zimmer
einundzwanzigster zwölfter zweitausendeins -> 21.12.2001
am zwanzigsten ersten zweiundneunzig -> am 20.01.1992
fünfter Mai siebzig -> 05.05.1970
der 3. 8. 85 -> der 03.08.1985
am 3ten Mai -> am 03.05.
vom dritten bis fünften mai -> vom dritten bis 05.05.
er kam am ersten -> er kam am ersten
wohnt in der gartenstraße zwölf b -> wohnt in der gartenstraße 12B
hausnummer siebzehn c wie cäsar -> hausnummer 17C
d e eins zwei fünf null null eins null fünf -> DE12500105
kennzeichen b wie berta m w vier sieben eins eins -> kennzeichen BMW4711
m-ab 1234 -> MAB1234
k-a 77 -> KA77
de89 3704 0044 0532 0130 00 -> DE89370400440532013000
at61 1904 3002 3457 3201 -> AT611904300234573201
anna klammeraffe web punkt de -> anna@web.de
anna unterstrich koch ät gmx punkt net -> anna_koch@gmx.net
anna strich koch ät t strich online punkt de -> anna-koch@t-online.de
anna bindestrich koch at outlook punkt com -> anna-koch@outlook.com
w w w punkt haus minus bau punkt de -> www.haus-bau.de
anna punkt ähm koch ähm at web punkt de -> anna.koch@web.de
anna at ähm gmx punkt de -> anna@gmx.de
koch nein anna punkt koch at gmx punkt at -> anna.koch@gmx.at
wir haben drei zimmer und zwei bäder -> wir haben 3 zimmer und 2 bäder
ich bin um acht da -> ich bin um 8 da
S wie Siegfried, C, H wie Heinrich, Ö, N -> Schön
J wie Jena, A wie Aachen, N wie Nürnberg -> Jan
K wie Kaiser, E wie Emil, L wie Leopold -> Kel
scharfes S -> ß
W E I scharfes S -> Weiß
H A Doppel-N A -> Hanna
Vau O G T nein -> Vogt nein
k-o-r-b-e, unterstrich, 09, at posteo.de -> korbe_09@posteo.de
über kaufhaus42-shop.com. -> über kaufhaus42-shop.com.
posteo punkt d e -> posteo.de
ich bin neunzehnhunderteinundvierzig am fünften februar geboren -> ich bin 05.02.1941 geboren
1941, am fünften februar -> 1941, am 05.02.
1899, am fünften 2070 am ersten mai -> 1899, am fünften 2070 am 01.05.
1741 am fünften februar -> 1741 am 05.02.
von at12 2011 1000 0222 3333, nein -> von AT122011100002223333, nein
r vier zett neun äh b sieben p -> R4Z9B7P
lindenweg 14, 54321 musterdorf -> lindenweg 14, 54321 musterdorf
fünfzehn z und i hab -> 15Z und i hab
dora otto richard anton -> Dora
dreimal die null sieben -> 0007
zweieinhalbtausend -> zweieinhalbtausend
dreieinhalber -> 3,5
wieeinhalb -> wieeinhalb
anderthalb, zwei zimmer -> 1,5, 2 zimmer
max punkt, äh, muster at web punkt de -> max.muster@web.de
anna 22 punkt koch at web punkt de -> anna22.koch@web.de
j koch 22 punkt holt at web punkt de -> jkoch22.holt@web.de
maria petra punkt holt at web punkt de -> mariapetra.holt@web.de
"""

ENGLISH = """
lorraine at parkgate blocks dot co dot uk -> lorraine@parkgateblocks.co.uk
apply dot cedar ridge living dot com -> apply.cedarridgeliving.com
brook and wood dot com forward slash repairs -> brookandwood.com/repairs
on www.turasabroad.ie/check-in but -> on www.turasabroad.ie/check-in but
john at sign gmail dot com -> john@gmail.com
it's j smith at outlook dot com -> it's jsmith@outlook.com
i am at home dot com -> i am at home.com
w w w punkt -> Www punkt
https://www.firma.de/a-b -> https://www.firma.de/a-b
we see acorns bury dot com -> we seeacornsbury.com
two and a half bathrooms -> 2.5 bathrooms
two to three bedrooms -> 2 to 3 bedrooms
nineteen hundred and eighty five -> 1985
twenty five hundred pounds -> 2500 pounds
three million two hundred thousand -> 3200000
October the nineteenth nineteen ninety three -> 19.10.1993
the first of the second floor flats -> the first of the second floor flats
my birthday is the third of the fourth -> my birthday is the 03.04.
o seven nine four six oh -> 079460
oh seven nine one -> 0791
seven oh well -> 7 oh well
oh two things -> oh 2 things
be 47 2201953 -> be 472201953
can it be 47 2201953 -> can it be 472201953
ct11 8qh. -> CT118QH.
pe12 8st -> PE128ST
wb-20418-xd, i -> WB20418XDI
policy hm/4471902-c, in -> policy HM4471902C, in
pm-0093-4418-7. -> PM009344187.
h o double l y -> Holly
a as in apple -> A
b for bravo -> B
x-ray alpha two -> XA2
double u for william -> W
k triple seven -> K777
s w one a two a a -> SW1A2AA
m one one a e -> M11AE
n w one oh b b -> NW10BB
seven o'clock -> 7 o'clock
i have two and i want three -> i have 2 and i want 3
i need a two bed -> i need a 2 bed
m i l l e r -> Miller
t i a n, t for tango -> Tiant
tango juliet nine foxtrot -> TJ9 foxtrot
x ray -> X
double u i l s o n -> Wilson
tango juliet nine foxtrot two -> TJ9F2
wb-20418-xd, i paid -> WB20418XD, i paid
email's big mike twenty two at a o l dot com -> email's bigmike22@aol.com
oh nine -> 09
oh, two bedrooms -> oh, 2 bedrooms
oh two bedrooms -> oh 2 bedrooms
double seven triple eight -> 77888
zero seven seven double four -> 07744
one hundred and twenty square feet -> 120 square feet
nineteen eighty five -> 1985
eleven hundred a month -> 1100 a month
half past seven -> half past 7
four to five weeks -> 4 to 5 weeks
one to two bedrooms -> 1 to 2 bedrooms
my number is oh two oh seven nine four six -> my number is 0207946
call oh seven nine double one -> call 07911
flat twelve b -> flat 12B
number seven a baker street -> number 7A baker street
house number forty two -> house number 42
my plate is a b one two c d e -> my plate is AB12CDE
a b twelve c d e -> AB12CDE
e c one v nine h b -> EC1V9HB
b t four eight e p -> BT48EP
gb33 bukb 2020 1555 5555 55 -> GB33BUKB20201555555555
mary dot jones at btinternet dot com -> mary.jones@btinternet.com
mary jones at hotmail dot co dot uk -> maryjones@hotmail.co.uk
mary hyphen jones at green door lettings dot co dot uk -> mary-jones@greendoorlettings.co.uk
reception at oak and ash dot org dot uk -> reception@oakandash.org.uk
no sorry mary at gmail dot com -> no sorry mary@gmail.com
tom at no wait tim at gmail dot com -> tim@gmail.com
tom gmail dot com -> tom@gmail.com
www dot oakhouse dot co dot uk slash rent -> www.oakhouse.co.uk/rent
oakhouse dot co dot uk slash to hyphen let -> oakhouse.co.uk/to-let
have a look at the lake house -> have a look at the lake house
what is the point at the end -> what is the point at the end
third of may nineteen sixty -> 03.05.1960
the twenty first of the twelfth nineteen seventy -> the 21.12.1970
1st of the 2nd 85 -> 01.02.1985
may the fourth -> 04.05.
fourth of the fifth floor -> fourth of the fifth floor
m for mother, o, double r, i s -> Morris
delta echo november -> Den
s for sugar -> S
n for, um, nancy, a, t -> Nat
i can come at two -> i can come at 2
a b c d e f -> Abcdef
double u e b b -> Webb
office at no sorry hello at marlow surveys dot uk they moved -> hello@marlowsurveys.uk they moved
hello at fern and fig dot com -> hello@fernandfig.com
lorna at highgate blocks dot co dot uk -> lorna@highgateblocks.co.uk
it's w w w dot harrow lettings dot co dot uk -> it's www.harrowlettings.co.uk
so put t.parkes19@gmail.com on it -> so put t.parkes19@gmail.com on it
he's on omar at willow homes dot london and -> he's on omar@willowhomes.london and
is it still priya dot nair at zen dot co dot uk -> is it still priya.nair@zen.co.uk
i'm looking at your site, www.oakley-floors.co.uk/help, and
    -> i'm looking at your site, www.oakley-floors.co.uk/help, and
miriam dot k at um b t openworld dot com -> miriam.k@btopenworld.com
my e-mail's kit.barlow, no, kitbarlow77@sky.com, and -> my e-mail's kitbarlow77@sky.com, and
it's w w w dot wombat tyres all one word dot com dot a u and i -> it's www.wombattyres.com.au and i
on heron hill school all one word dot org slash term dash dates -> on heronhillschool.org/term-dates
is it khan underscore 1987, no, khan_1986@example.com -> is it khan_1986@example.com
we're little beeches dot org dot uk -> we're littlebeeches.org.uk
the plan's on elmfordrow.co.uk/plans -> the plan's on elmfordrow.co.uk/plans
four hundred and thirty five thousand pounds -> 435000 pounds
eighteen thousand a year -> 18000 a year
sixty six to seventy -> 66 to 70
born twenty third of the fifth oh two so -> born 23.05.2002 so
9th of the 11th 1988 -> 09.11.1988
the fourth of the tenth twenty eleven -> the 04.10.2011
the eighth of the eighth thirty seven -> the 08.08.1937
first of the second double oh -> 01.02.2000
3rd, no, 23rd of june 1998. -> 23.06.1998.
eight oh oh two -> 8002
my utr is 52 903 66 214 and i let out a flat -> my utr is 5290366214 and i let out a flat
a b three one oh eight four four a and i left -> AB310844A and i left
eight two two six oh one nine three four i don't have -> 822601934 i don't have
52 903 66 214 and I -> 5290366214 and I
oh d h twenty two four q t -> oh DH224QT
the top floor one g h five six r t -> the top floor one GH56RT
gb82 west 1234 5698, hang on, yeah, 7654 32 -> GB82WEST12345698765432
w k fifty nine i want to say v d n -> WK59VDN
ab51 hgk, n for, um, nora -> AB51HGKN
the i d seven one two eight -> the i d 7128
at (555) 010-7, uh, 299. -> at 5550107299.
on 020794, i think it's 3, 55 0 11. -> on 020794355011.
the last three, so 07700 900 1, no, 07700 900 142. -> the last 3, so 07700900107700900142.
3158, two, two, 094, and a form -> 315822094, and a form
qrs 3306 stroke 4 -> QRS33064
nine nine oh three two five dash one oh dash uh four oh -> 9903251040
six three double oh where was i seven one -> 630071
to mabrook oh six at example dot com -> to mabrook06@example.com
sam dot holt yahoo dot co dot uk -> sam.holt@yahoo.co.uk
kq-30517-zb, i paid -> KQ30517ZB, i paid
not 20418-in -> not 20418-in
555 12 a b, i can -> 55512AB, i can
seven aitch nine -> 7H9
two foxtrot three -> 2F3
a and i b -> Aib
t and i 5 -> TI5
i double you -> i double you
1, i -> 1I
4 i as in india -> 4I
and i as in india -> and I
six to eight to four -> 6 to 8 to 4
one to oh -> 1 to oh
three o, four -> 304
seven oh dash -> 70 dash
one two oh well -> 120 well
a a oh one -> AA01
oh seventeen hundred -> 01700
ten oh hundred -> 100100
hundred oh -> 100 oh
tom at no wait -> tom at no wait
hi no tim at example dot com -> hi no tim@example.com
ken, no, ben at example dot com -> ben@example.com
kenny, no, kenneth at example dot com -> kenneth@example.com
amy@example.com, no, amy@example.org -> amy@example.org
amy at example dot com no example dot org -> amy@example.org
amy at gmail no, bob at -> amy@gmail no, bob at
dot com no max at example dot com -> dot com no max@example.com
uh at no tim at example dot com -> uh tim@example.com
https www dot example dot com -> https://www.example.com
triple w dot example dot com -> www.example.com
w w dot example dot com -> ww.example.com
w x y dot -> Wxy dot
max gmail -> max gmail
the gmail dot com -> the gmail.com
live live dot com -> live live dot com
max dot gmail dot com -> max.gmail.com
example dot com slash a dash -> example.com/a dash
example dot com slash -> example.com slash
example dot com slash a - b -> example.com/a - b
example dot x y -> example dot Xy
example dot i n c -> example.in c
example dot d e f -> example.de f
email at one dot com -> email at 1.com
mail at example dot com -> mail@example.com
and and dot com -> and and dot com
port and dot com -> port and dot com
to and fro dot com -> to and fro.com
website fern and fig dot com -> website fernandfig.com
not and fig dot com -> not and fig.com
he's a holt at example dot com -> he's a holt@example.com
j a holt at example dot com -> jaholt@example.com
holt i smith at example dot com -> holt i smith@example.com
um, at gmail com -> um, at gmail com
amy at um -> amy at um
amy at , dot com -> amy at , dot com
first of the third? -> 01.03.?
the third of may no june 1970 -> the 03.06.1970
the third of may no fourth of june 1970 -> the 04.06.1970
1970 no 1971 -> 19701971
third of may 1970 no 1971 -> 03.05.1971
may the third no fourth -> 03.05. no fourth
(1 2 -> (12
(555) 1 -> 5551
that is no tim at example dot com -> that is no tim@example.com
max live dot com -> max live dot com
green dot house -> green dot house
grab t.parkes19@gmail.com -> grab t.parkes19@gmail.com
green team dot holt at example dot com -> green team.holt@example.com
"""

_EXAMPLE = re.compile(r"^(.+?)\s+-> (.+)$", re.MULTILINE)
EXAMPLES = [
    (language, *example)
    for language, block in (("de", GERMAN), ("en", ENGLISH))
    for example in _EXAMPLE.findall(block)
]


def test_there_are_many_examples() -> None:
    assert len(EXAMPLES) > 250
    assert len(set(EXAMPLES)) == len(EXAMPLES)


@pytest.mark.parametrize(("language", "spoken", "written"), EXAMPLES)
def test_what_is_spoken_is_written(language: str, spoken: str, written: str) -> None:
    view = written_view(spoken, language)
    assert view.text == written
    assert_exact(view, spoken)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "four hundred and thirty five thousand"),
        ("en", "eighteen thousand"),
        ("en", "two and a half"),
        ("en", "twenty five hundred"),
        ("de", "vier hundert fünf und dreißig tausend"),
        ("de", "anderthalb"),
        ("de", "dreieinhalb Millionen"),
        ("de", "achtzehnhundert"),
    ],
)
def test_an_amount_in_words_is_one_value(language: str, text: str) -> None:
    (form,) = read(text, language).forms
    assert [atom.kind for atom in form.atoms] == [AtomKind.VALUE]
    assert (form.start, form.end) == (0, len(text))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("tim at web punkt de nein\ntom at web punkt de", "tim at web punkt de"),
        ("tim at web nein\ntom at web punkt de", "tim at web"),
        ("eins zwei\nnein tom at web punkt de", "eins zwei"),
        ("neunzehnhundertsiebzig am\nersten mai", "neunzehnhundertsiebzig"),
        ("nein\nw w w", "w w w"),
        ("hallo\nkurt nein karl at web punkt de", "kurt nein karl at web punkt de"),
        ("eins " + "äh " * 21 + "zwei", "eins"),
    ],
)
def test_nothing_reaches_over_the_end_of_a_turn(text: str, first: str) -> None:
    form = read(text, "de").forms[0]
    assert text[form.start : form.end] == first


PATHOLOGICAL = ["w ", "x@", "a.", "1-", "info at no ", "max punkt ", "zwei tausend ", "oh ", "ab-1",
                "1 hang on ", "dritter nein ", "1985 am ", "haus und "]  # fmt: skip


@pytest.mark.parametrize("piece", PATHOLOGICAL)
@pytest.mark.parametrize("language", ["de", "en"])
def test_time_is_linear(piece: str, language: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        spent = []
        for _ in range(3):
            started = time.process_time()
            read(text, language)
            spent.append(time.process_time() - started)
        return min(spent)

    assert seconds(16_000) < 32 * max(seconds(2_000), 0.005)  # quadratic would be 64 times

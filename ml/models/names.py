"""Names that people can say, for models: two words and a date."""

ADJECTIVES = """
able agile amber ample apt arctic autumn azure bold brave breezy bright brisk bronze calm candid careful
cheery civil clear clever cobalt cosmic crisp daring deft dusky eager early earnest fair famous fancy
fleet fond frank fresh gentle glad golden grand green happy hardy hearty honest humble ivory jolly keen
kind lively loyal lucid lunar mellow merry mighty mild modest neat nimble noble olive open patient plucky
polite prime proud quick quiet ready rosy rustic scarlet serene sharp silent silver sincere sleek smart
solar solid spry stable steady sturdy sunny swift tidy tranquil true upbeat valiant vivid warm wise witty
young zesty"""
ANIMALS = """
adder albatross alpaca antelope badger barbet beaver bison bittern bobcat bunting buzzard caribou cheetah
cicada condor cormorant cougar coyote crane cricket curlew dingo dolphin donkey dove eagle egret eland elk
ermine falcon ferret finch firefly fox gannet gazelle gecko gibbon goose grebe grouse gull hare harrier
hawk heron hornet ibex ibis iguana jackal jaguar jay kestrel kite koala lark lemur leopard linnet lion
llama lobster lynx magpie marmot marten merlin mole moose narwhal newt ocelot orca oriole osprey otter owl
oxen panda panther parrot pelican petrel pigeon pika plover puffin puma quail rabbit raven robin salmon
seal shrike stork swan tapir tern tiger toucan trout turtle viper vole walrus weasel whale wolf wombat
wren yak zebra"""


def memorable(sha256: str, now: str) -> str:
    """`adjective-animal-yyyymmdd` from a hex digest and an ISO instant.

    The same input gives the same name.
    """
    number = int(sha256[:16], 16)
    adjectives, animals = ADJECTIVES.split(), ANIMALS.split()
    adjective, animal = (
        adjectives[number % len(adjectives)],
        animals[number // len(adjectives) % len(animals)],
    )
    return f"{adjective}-{animal}-{now[:10].replace('-', '')}"
